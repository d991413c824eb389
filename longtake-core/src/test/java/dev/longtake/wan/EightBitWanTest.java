package dev.longtake.wan;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.nn.FusedOps;
import dev.longtake.nn.Init;
import dev.longtake.nn.LinearFormat;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A transformer of Wan's shape, an eighth as wide, with its blocks' layers in eight bits. */
@ExtendWith(LeakGuard.class)
class EightBitWanTest {
  private static final WanConfig CONFIG = new WanConfig(192, 1120, 256, 64, 32, 16, 2, 6);
  private static final int[] POSITIONS = {0, 1, 2};

  @Test
  void itsFlowIsWithinFivePercentOfTheOriginals() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(11, Device.CPU);
        var weights = Weights.random(rng, Dtype.FLOAT32)) {
      var whole = WanTransformer.of(weights, CONFIG);
      stir(weights, rng);
      var latents = rng.normal(Dtype.FLOAT32, 1, 16, 3, 16, 16);
      var timesteps = Tensor.full(700, Dtype.FLOAT32, Device.CPU, 1, 3);
      var states = rng.normal(Dtype.FLOAT32, 1, 20, CONFIG.textDim());
      var expected = whole.forward(latents, timesteps, POSITIONS, whole.read(states));

      for (var format : new LinearFormat[] {LinearFormat.FP8, LinearFormat.FP8_ROWS}) {
        try (var copies = Weights.from(copyOf(weights))) {
          var eights = WanTransformer.of(copies, CONFIG, FusedOps.plain(format));
          var flow = eights.forward(latents, timesteps, POSITIONS, eights.read(states));
          assertThat(flow).isCloseTo(expected, 0.05);
          assertThat(flow.toFloats()).as("eight bits were used").isNotEqualTo(expected.toFloats());
          assertThat(inEightBits(copies))
              .allMatch(name -> name.matches("blocks\\.\\d\\.(self_attn|cross_attn|ffn)\\..+"))
              .hasSize(8 * CONFIG.numLayers());
        }
      }
    }
  }

  /** Fresh heads and biases are zeros, which would hide what happens inside. */
  private static void stir(Weights weights, Rng rng) {
    weights
        .taken()
        .forEach(
            (name, weight) -> {
              if (name.endsWith(".bias") || name.startsWith("head.head")) {
                weight.copyFrom(rng.normal(Dtype.FLOAT32, weight.shape()).timesInPlace(0.05));
              }
            });
  }

  private static Set<String> inEightBits(Weights weights) {
    return weights.taken().entrySet().stream()
        .filter(entry -> entry.getValue().dtype() == Dtype.FLOAT8_E4M3)
        .map(java.util.Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  private static Weights.Source copyOf(Weights weights) {
    return new Weights.Source() {
      @Override
      public Tensor read(String name, Init init, long... shape) {
        return weights.taken().get(name).copy();
      }

      @Override
      public Set<String> names() {
        return weights.taken().keySet();
      }
    };
  }
}
