package dev.longtake.recipes;

import dev.longtake.memory.FrameRange;
import dev.longtake.memory.KeySimilarity;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/**
 * How alike the frames of a clip are where no network has made keys of them: the cosine of their
 * mean latents.
 */
final class LatentLikeness implements KeySimilarity {
  private final float[] products; // of every two frames' latents, row by row
  private final int frames;

  private LatentLikeness(float[] products, int frames) {
    this.products = products;
    this.frames = frames;
  }

  /** Of one clip; brought to the host once. */
  static LatentLikeness of(@Axes("C F Y X") Tensor clip) {
    try (var scope = Scope.open()) {
      int frames = Math.toIntExact(clip.size(1));
      var rows = clip.permute(1, 0, 2, 3).reshape(frames, -1).to(Dtype.FLOAT32);
      return new LatentLikeness(rows.matmul(rows.transpose(0, 1)).toFloats(), frames);
    }
  }

  /** 0 where one of them is 0. */
  @Override
  public double between(FrameRange a, FrameRange b) {
    double norms = Math.sqrt(sum(a, a) * sum(b, b));
    return norms == 0 ? 0 : sum(a, b) / norms;
  }

  private double sum(FrameRange a, FrameRange b) {
    double sum = 0;
    for (int i = a.first(); i < a.end(); i++) {
      for (int j = b.first(); j < b.end(); j++) {
        sum += products[i * frames + j];
      }
    }
    return sum;
  }
}
