package dev.longtake.tensor;

import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch_cuda;

/**
 * A source of random numbers on one device. The same seed on the same kind of device gives the same
 * numbers.
 */
public final class Rng implements AutoCloseable {
  private final Device device;
  private final Generator generator;

  private Rng(long seed, Device device) {
    this.device = device;
    try (var scope = Scope.open()) {
      generator =
          device.kind() == Device.Kind.CPU
              ? torch.make_generator_cpu()
              : torch_cuda.make_generator_cuda((byte) device.index());
      generator.retainReference();
      generator.set_current_seed(seed);
    }
  }

  /** A generator that starts from the given seed. */
  public static Rng seeded(long seed, Device device) {
    return new Rng(seed, device);
  }

  /**
   * A generator whose seed is mixed from several numbers, for instance run seed, rank and step, so
   * that a resumed run draws what the uninterrupted one would have drawn.
   */
  public static Rng seeded(Device device, long... parts) {
    return new Rng(mix(parts), device);
  }

  /** Mixes numbers into one seed (SplitMix64 finaliser, applied part by part). */
  public static long mix(long... parts) {
    long z = 0x9E3779B97F4A7C15L;
    for (long part : parts) {
      z = (z ^ part) + 0x9E3779B97F4A7C15L;
      z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
      z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
      z ^= z >>> 31;
    }
    return z;
  }

  /** The device the numbers are made on. */
  public Device device() {
    return device;
  }

  /** Standard normal values. */
  public Tensor normal(Dtype dtype, long... shape) {
    try (var scope = Scope.open()) {
      var out = Tensor.empty(dtype, device, shape);
      out.handle.normal_(0, 1, new GeneratorOptional(generator));
      return scope.keep(out);
    }
  }

  /** Values uniform in [0, 1). */
  public Tensor uniform(Dtype dtype, long... shape) {
    try (var scope = Scope.open()) {
      var out = Tensor.empty(dtype, device, shape);
      out.handle.uniform_(0, 1, new GeneratorOptional(generator));
      return scope.keep(out);
    }
  }

  /** Whole numbers uniform in [0, bound), as INT64. */
  public Tensor integers(long bound, long... shape) {
    if (bound < 1) {
      throw new IllegalArgumentException("bound must be at least 1, not " + bound);
    }
    try (var scope = Scope.open()) {
      var out = Tensor.empty(Dtype.INT64, device, shape);
      out.handle.random_(0, new LongOptional(bound), new GeneratorOptional(generator));
      return scope.keep(out);
    }
  }

  @Override
  public void close() {
    generator.releaseReference();
  }
}
