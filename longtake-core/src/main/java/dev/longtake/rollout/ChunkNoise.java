package dev.longtake.rollout;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Tensor;

/** The randomness of one chunk, drawn in the order in which its passes need it. */
public interface ChunkNoise extends AutoCloseable {

  /** Standard normal numbers, FLOAT32, owned by the caller's scope. */
  Tensor next(long... shape);

  @Override
  void close();

  /** That of a generator, which is taken over. */
  static ChunkNoise of(Rng rng) {
    return new ChunkNoise() {
      @Override
      public Tensor next(long... shape) {
        return rng.normal(Dtype.FLOAT32, shape);
      }

      @Override
      public void close() {
        rng.close();
      }
    };
  }
}
