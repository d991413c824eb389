package dev.longtake.nn;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/** How a fresh weight starts. */
public sealed interface Init {
  /** All zero. */
  Init ZEROS = new Constant(0);

  /** All one. */
  Init ONES = new Constant(1);

  /** Uniform within ±√(6 / (fan in + fan out)), for layers followed by no squashing. */
  Init XAVIER = new Uniform(1, true);

  /** Uniform within ±1/√(fan in), the usual start of a convolution. */
  Init FAN_IN = new Uniform(1, false);

  /** Normal with the given standard deviation. */
  static Init normal(double deviation) {
    return new Normal(deviation);
  }

  /** Draws a FLOAT32 weight of the given shape, [out, in, kernel...], on the generator's device. */
  Tensor draw(Rng rng, long... shape);

  /** One value everywhere. */
  record Constant(double value) implements Init {
    @Override
    public Tensor draw(Rng rng, long... shape) {
      return Tensor.full(value, Dtype.FLOAT32, rng.device(), shape);
    }
  }

  /** Normal around 0. */
  record Normal(double deviation) implements Init {
    @Override
    public Tensor draw(Rng rng, long... shape) {
      return rng.normal(Dtype.FLOAT32, shape).timesInPlace(deviation);
    }
  }

  /** Uniform around 0, its width from how many values meet. */
  record Uniform(double gain, boolean both) implements Init {
    @Override
    public Tensor draw(Rng rng, long... shape) {
      long kernel = 1;
      for (int i = 2; i < shape.length; i++) {
        kernel *= shape[i];
      }
      double in = (double) shape[1] * kernel;
      double out = (double) shape[0] * kernel;
      double bound = gain * (both ? Math.sqrt(6 / (in + out)) : 1 / Math.sqrt(in));
      try (var scope = Scope.open()) {
        var unit = rng.uniform(Dtype.FLOAT32, shape);
        return scope.keep(unit.times(2).plus(-1).times(bound));
      }
    }
  }
}
