package dev.longtake.tensor;

import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.GradMode;

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

  /** Whether what is computed now is recorded. */
  public static boolean recording() {
    return GradMode.is_enabled();
  }

  @Override
  public void close() {
    mode.close();
  }
}
