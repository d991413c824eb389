package dev.longtake.tensor;

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

    Stack flag(boolean on) {
      return push(new IValue(on));
    }

    Stack dtype(Dtype dtype) {
      return push(new IValue((long) dtype.scalar.value));
    }

    Stack nothing() {
      return push(new IValue());
    }

    private Stack push(IValue value) {
      values.push_back(value);
      return this;
    }
  }

  /** Calls an operator with one result. */
  static Tensor call(String name, List<Tensor> operands, Consumer<Stack> arguments) {
    try (var scope = Scope.open()) {
      return scope.keep(
          Tensor.op(
              name,
              () -> {
                var stack = new Stack();
                arguments.accept(stack);
                var dispatcher = Dispatcher.singleton();
                dispatcher.callBoxed(dispatcher.findSchemaOrThrow(name, ""), stack.values);
                return new org.bytedeco.pytorch.Tensor(stack.values.get(0).toTensor());
              },
              operands.toArray(Tensor[]::new)));
    }
  }
}
