package dev.longtake.vae;

import dev.longtake.nn.ChannelNorm;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/** Self-attention among the pixels of each frame, one head as wide as the layer; no time. */
record FrameAttention(ChannelNorm norm, Pointwise qkv, Pointwise proj) implements Layer {

  static FrameAttention of(Weights weights, long channels) {
    return new FrameAttention(
        ChannelNorm.of(weights.at("norm"), channels, 2),
        Pointwise.of(weights.at("to_qkv"), channels, 3 * channels, 2),
        Pointwise.of(weights.at("proj"), channels, channels, 2));
  }

  @Override
  public Tensor forward(Tensor x, Past past) {
    try (var scope = Scope.open()) {
      long frames = x.size(0) * x.size(1);
      long pixels = x.size(2) * x.size(3);
      var parts = qkv.forward(norm.forward(x)).reshape(frames, 1, pixels, -1).chunk(3, -1);
      var mixed = Functional.attention(parts.get(0), parts.get(1), parts.get(2));
      return scope.keep(x.plus(proj.forward(mixed.reshape(x.shape()))));
    }
  }
}
