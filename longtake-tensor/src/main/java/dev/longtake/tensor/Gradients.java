package dev.longtake.tensor;

import org.bytedeco.pytorch.AutoGradMode;

/** Switches recording for automatic differentiation, per thread. */
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

  @Override
  public void close() {
    mode.close();
  }
}
