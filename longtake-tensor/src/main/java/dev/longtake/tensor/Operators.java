package dev.longtake.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.jspecify.annotations.Nullable;

/** Operators of LibTorch that have no C++ function of their own, called by name. */
final class Operators {
  private Operators() {}

  /** Arguments in the order of the operator's schema. */
  static final class Stack {
    private final IValueVector values = new IValueVector();

    Stack tensor(Tensor tensor) {
      return push(new IValue(tensor.handle));
    }

    Stack optional(@Nullable Tensor tensor) {
      return tensor == null ? nothing() : tensor(tensor);
    }

    Stack number(long number) {
      return push(new IValue(number));
    }

    Stack real(double number) {
      return push(new IValue(number));
    }

    Stack flag(boolean on) {
      return push(new IValue(on));
    }

    Stack dtype(Dtype dtype) {
      return push(new IValue((long) dtype.scalar.value));
    }

    Stack nothing() {
      return push(new IValue());
    }

    private org.bytedeco.pytorch.Tensor result(int number) {
      return new org.bytedeco.pytorch.Tensor(values.get(number).toTensor());
    }

    private Stack push(IValue value) {
      values.push_back(value);
      return this;
    }
  }

  /** Calls an operator with one result, or for the first of several. */
  static Tensor call(String name, List<Tensor> operands, Consumer<Stack> arguments) {
    return call(name, 1, operands, arguments).getFirst();
  }

  /** Calls an operator for its first results, all tensors. */
  static List<Tensor> call(
      String name, int results, List<Tensor> operands, Consumer<Stack> arguments) {
    try (var scope = Scope.open()) {
      var stack = new Stack();
      var all = new ArrayList<Tensor>();
      all.add(
          Tensor.op(
              name,
              () -> {
                arguments.accept(stack);
                var dispatcher = Dispatcher.singleton();
                dispatcher.callBoxed(dispatcher.findSchemaOrThrow(name, ""), stack.values);
                return stack.result(0);
              },
              operands.toArray(Tensor[]::new)));
      for (int i = 1; i < results; i++) {
        int number = i;
        all.add(Tensor.op(name, () -> stack.result(number)));
      }
      all.forEach(scope::keep);
      return all;
    }
  }
}
