package dev.longtake.tensor;

import org.bytedeco.javacpp.PointerScope;
import org.jspecify.annotations.Nullable;

/**
 * Frees native memory at a known moment: on close, everything made on this thread since it was
 * opened goes, except what was kept.
 *
 * <p>Scopes nest, and belong to the thread that opened them. Closing handles leaves autograd whole:
 * what a later backward pass needs is held by the graph.
 */
public final class Scope implements AutoCloseable {
  private final @Nullable PointerScope parent;
  private final PointerScope inner;

  private Scope() {
    parent = PointerScope.getInnerScope();
    inner = new PointerScope();
  }

  /** Opens a scope on this thread. */
  public static Scope open() {
    return new Scope();
  }

  /**
   * Hands a tensor to the enclosing scope, or, where there is none, to the caller, who then closes
   * it.
   */
  public Tensor keep(Tensor tensor) {
    var handle = tensor.handle;
    if (parent != null) {
      parent.attach(handle);
    } else {
      handle.retainReference();
    }
    inner.detach(handle);
    return tensor;
  }

  /** Takes a tensor out of every scope: it lives until {@link Tensor#close()}. */
  public static Tensor escape(Tensor tensor) {
    var handle = tensor.handle;
    handle.retainReference();
    var scope = PointerScope.getInnerScope();
    if (scope != null) {
      scope.detach(handle);
    }
    return tensor;
  }

  @Override
  public void close() {
    inner.close();
  }
}
