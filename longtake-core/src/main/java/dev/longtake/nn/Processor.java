package dev.longtake.nn;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Tensor;

/** Where LibTorch's fast paths differ. */
public final class Processor {
  private Processor() {}

  /** Whether x is FLOAT32 on the processor, which has its own fast and slow operators. */
  public static boolean singleOn(Tensor x) {
    return x.dtype() == Dtype.FLOAT32 && x.device().kind() == Device.Kind.CPU;
  }
}
