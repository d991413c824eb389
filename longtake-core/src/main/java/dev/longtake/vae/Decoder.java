package dev.longtake.vae;

import dev.longtake.nn.FusedOps;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** From latents up to pixels. */
record Decoder(CausalConv conv1, List<Layer> middle, List<Layer> upsamples, NormedConv head) {

  static Decoder of(VaeConfig config, Weights weights, FusedOps ops) {
    var multipliers = config.multipliers().reversed();
    var temporal = config.temporalDown().reversed();
    var ups = weights.at("upsamples");
    List<Layer> layers = new ArrayList<>();
    long width = (long) config.dim() * multipliers.getFirst();
    var conv1 = CausalConv.of(weights.at("conv1"), config.zDim(), width);
    var middle = Encoder.middle(weights.at("middle"), width, ops);
    for (int level = 0; level < multipliers.size(); level++) {
      long wanted = (long) config.dim() * multipliers.get(level);
      for (int block = 0; block < config.resBlocks() + 1; block++) {
        layers.add(ResidualBlock.of(ups.at("" + layers.size()), width, wanted, ops));
        width = wanted;
      }
      if (level < multipliers.size() - 1) {
        layers.add(Upsample.of(ups.at("" + layers.size()), width, temporal.get(level)));
        width /= 2;
      }
    }
    return new Decoder(
        conv1,
        middle,
        List.copyOf(layers),
        NormedConv.of(weights.at("head"), 0, 2, width, VaeConfig.COLOURS, ops));
  }

  @Axes("B F Y X 3")
  Tensor forward(@Axes("B f y x z") Tensor latents, Past past) {
    try (var scope = Scope.open()) {
      var x = Layer.through(middle, conv1.forward(latents, past), past);
      return scope.keep(head.forward(Layer.through(upsamples, x, past), past));
    }
  }
}
