package dev.longtake.tensor;

import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Automatic differentiation: switches recording, per thread, and goes backwards through parts of
 * what was recorded.
 */
public final class Gradients implements AutoCloseable {
  private final AutoGradMode mode;

  private Gradients(boolean on) {
    mode = new AutoGradMode(on);
  }

  /** Nothing computed before this is closed is recorded. */
  public static Gradients off() {
    return new Gradients(false);
  }

  /** What is computed before this is closed is recorded, also within {@link #off}. */
  public static Gradients on() {
    return new Gradients(true);
  }

  /** Whether what is computed now is recorded. */
  public static boolean recording() {
    return GradMode.is_enabled();
  }

  /**
   * Adds gradients to every leaf that the roots depend on, in one pass, and frees the graph.
   *
   * @param seeds the gradient of something by each root, in its shape and type
   */
  public static void backward(List<Tensor> roots, List<Tensor> seeds) {
    try (var scope = Scope.open();
        var all = new BoolOptional(false);
        var none = new TensorVector()) {
      torch.backward(Tensor.vector(roots), Tensor.vector(seeds), all, false, none);
    } catch (RuntimeException e) {
      throw TensorException.of("backward", e, roots.toArray(Tensor[]::new));
    }
  }

  /**
   * How something changes with a tensor, given how it changes with some roots. Leaves get nothing
   * and the graph stays whole.
   *
   * @param seeds the gradient by each root, in its shape and type
   * @return empty where no root depends on the tensor
   */
  public static Optional<Tensor> by(Tensor tensor, List<Tensor> roots, List<Tensor> seeds) {
    try (var scope = Scope.open();
        var keep = new BoolOptional(true)) {
      var found =
          torch.grad(
              Tensor.vector(roots),
              Tensor.vector(List.of(tensor)),
              Tensor.vector(seeds),
              keep,
              false,
              true);
      var handle = new org.bytedeco.pytorch.Tensor(found.get(0));
      return handle.defined() ? Optional.of(scope.keep(new Tensor(handle))) : Optional.empty();
    } catch (RuntimeException e) {
      throw TensorException.of("gradient", e, roots.toArray(Tensor[]::new));
    }
  }

  @Override
  public void close() {
    mode.close();
  }
}
