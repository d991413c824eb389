package dev.longtake.vae;

import dev.longtake.nn.FusedOps;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** From pixels down to the channels of mean and log-variance. */
record Encoder(CausalConv conv1, List<Layer> downsamples, List<Layer> middle, NormedConv head) {

  static Encoder of(VaeConfig config, Weights weights, FusedOps ops) {
    var multipliers = config.multipliers();
    var downs = weights.at("downsamples");
    List<Layer> layers = new ArrayList<>();
    var conv1 = CausalConv.of(weights.at("conv1"), VaeConfig.COLOURS, config.dim());
    long width = config.dim();
    for (int level = 0; level < multipliers.size(); level++) {
      long wider = (long) config.dim() * multipliers.get(level);
      for (int block = 0; block < config.resBlocks(); block++) {
        layers.add(ResidualBlock.of(downs.at("" + layers.size()), width, wider, ops));
        width = wider;
      }
      if (level < multipliers.size() - 1) {
        boolean temporal = config.temporalDown().get(level);
        layers.add(Downsample.of(downs.at("" + layers.size()), width, temporal));
      }
    }
    return new Encoder(
        conv1,
        List.copyOf(layers),
        middle(weights.at("middle"), width, ops),
        NormedConv.of(weights.at("head"), 0, 2, width, 2L * config.zDim(), ops));
  }

  /** The deepest part, the same in both directions. */
  static List<Layer> middle(Weights weights, long width, FusedOps ops) {
    return List.of(
        ResidualBlock.of(weights.at("0"), width, width, ops),
        FrameAttention.of(weights.at("1"), width),
        ResidualBlock.of(weights.at("2"), width, width, ops));
  }

  @Axes("B f y x 2z")
  Tensor forward(@Axes("B F Y X 3") Tensor video, Past past) {
    try (var scope = Scope.open()) {
      var x = Layer.through(downsamples, conv1.forward(video, past), past);
      return scope.keep(head.forward(Layer.through(middle, x, past), past));
    }
  }
}
