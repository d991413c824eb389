package dev.longtake.vae;

import static dev.longtake.testkit.TensorAssert.relativeError;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class TinyDecoderTest {
  private static final double ROUNDING = 1e-5;
  private static final TinyConfig CONFIG = new TinyConfig(4, List.of(6, 5, 3, 4));

  private Rng rng;
  private Weights weights;
  private TinyDecoder decoder;

  @BeforeEach
  void make() {
    rng = Rng.seeded(20260704, Device.CPU);
    weights = Weights.random(rng, Dtype.FLOAT32);
    decoder = TinyDecoder.of(CONFIG, weights);
    // Fresh biases are zero, and one that is never added would go unnoticed.
    for (var weight : weights.taken().values()) {
      try (var scope = Scope.open()) {
        weight.plusInPlace(rng.normal(Dtype.FLOAT32, weight.shape()), 0.1);
      }
    }
  }

  @AfterEach
  void free() {
    weights.close();
    rng.close();
  }

  @Test
  void aVideoDecodedInAnyPartsIsTheVideoDecodedWhole() {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      InParts.decodesAsWhole(decoder, rng.normal(Dtype.FLOAT32, 2, 4, 7, 3, 2), ROUNDING);
    }
  }

  @Test
  void itComputesWhatTheLayersComputeOneByOneAsPublished() {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var latents = rng.normal(Dtype.FLOAT32, 1, 4, 3, 2, 3).times(4);
      assertThat(relativeError(decoder.decode(latents), published(latents))).isLessThan(ROUNDING);
    }
  }

  @Test
  void pixelsStayWithinTheirRange() {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var video = decoder.decode(rng.normal(Dtype.FLOAT32, 1, 4, 2, 2, 2).times(1000));
      assertThat(video.abs().max().item()).isBetween(0.0, 1.0);
    }
  }

  @Test
  void itsWeightsHaveThePublishedNamesAndShapes() {
    Map<String, List<Long>> shapes;
    try (var outline = Weights.outline()) {
      TinyDecoder.of(TinyConfig.TAEW2_1, outline);
      shapes = outline.shapes();
    }
    assertThat(shapes)
        .hasSize(2 + 3 * (3 * 6 + 2) + 2)
        .containsEntry("decoder.1.weight", List.of(256L, 16L, 3L, 3L))
        .containsEntry("decoder.3.conv.0.weight", List.of(256L, 512L, 3L, 3L))
        .containsEntry("decoder.5.conv.4.bias", List.of(256L))
        .containsEntry("decoder.7.conv.weight", List.of(256L, 256L, 1L, 1L))
        .containsEntry("decoder.8.weight", List.of(128L, 256L, 3L, 3L))
        .containsEntry("decoder.13.conv.weight", List.of(256L, 128L, 1L, 1L))
        .containsEntry("decoder.14.weight", List.of(64L, 128L, 3L, 3L))
        .containsEntry("decoder.17.conv.2.weight", List.of(64L, 64L, 3L, 3L))
        .containsEntry("decoder.19.conv.weight", List.of(128L, 64L, 1L, 1L))
        .containsEntry("decoder.20.weight", List.of(64L, 64L, 3L, 3L))
        .containsEntry("decoder.22.weight", List.of(3L, 64L, 3L, 3L))
        .containsEntry("decoder.22.bias", List.of(3L))
        .doesNotContainKey("decoder.8.bias");
  }

  @Test
  void aStateIsAsLargeAsForetold() {
    try (var scope = Scope.open();
        var tiny = DecodeState.start();
        var large = DecodeState.start();
        var more = Weights.random(rng, Dtype.FLOAT32);
        var vae = WanVae.of(VaeConfig.small(4, 4), more)) {
      var latents = rng.normal(Dtype.FLOAT32, 1, 4, 2, 3, 2);
      decoder.decode(latents, tiny);
      assertThat(decoder.config().stateBytes(3, 2, Dtype.FLOAT32))
          .isEqualTo(tiny.bytes())
          .isPositive();
      vae.decode(latents, large);
      assertThat(vae.config().stateBytes(3, 2, Dtype.FLOAT32))
          .isEqualTo(large.bytes())
          .isPositive();
    }
  }

  @Test
  void latentsOfAnotherModelAreRefused() {
    try (var scope = Scope.open()) {
      var latents = Tensor.zeros(Dtype.FLOAT32, Device.CPU, 1, 16, 1, 2, 2);
      assertThatThrownBy(() -> decoder.decode(latents))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("latents must be [B, 4, 1 or more, y, x]");
      assertThatThrownBy(() -> new TinyConfig(16, List.of(8, 8)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("[8, 8]");
    }
  }

  /** The network layer by layer on a stack of pictures, as its authors write it down. */
  private Tensor published(Tensor latents) {
    var x = latents.select(0, 0).permute(1, 0, 2, 3); // frames first
    x = conv("decoder.1", x.dividedBy(3).tanh().times(3)).clampMin(0);
    int place = 3;
    for (int stage = 0; stage < 3; stage++) {
      for (int block = 0; block < 3; block++) {
        x = remembering("decoder." + place++ + ".conv", x);
      }
      x = Functional.upsampleNearest(x, 2 * x.size(2), 2 * x.size(3));
      place++;
      long width = x.size(1);
      long[] one = {1, 1};
      long[] none = {0, 0};
      var grow = weights.taken().get("decoder." + place++ + ".conv.weight");
      x = Functional.conv2d(x, grow, null, one, none);
      x = x.reshape(-1, width, x.size(2), x.size(3));
      x =
          Functional.conv2d(
              x, weights.taken().get("decoder." + place++ + ".weight"), null, one, one);
    }
    x = conv("decoder.22", x.clampMin(0)).clamp(0, 1);
    return x.narrow(0, 3, x.size(0) - 3).permute(1, 0, 2, 3).unsqueeze(0).times(2).plus(-1);
  }

  private Tensor remembering(String name, Tensor x) {
    var before = Functional.pad(x, 0, 0, 0, 0, 0, 0, 1, 0).narrow(0, 0, x.size(0));
    var inner = conv(name + ".0", Tensor.cat(List.of(x, before), 1)).clampMin(0);
    inner = conv(name + ".2", inner).clampMin(0);
    return conv(name + ".4", inner).plus(x).clampMin(0);
  }

  private Tensor conv(String name, Tensor x) {
    long[] one = {1, 1};
    var taken = weights.taken();
    return Functional.conv2d(x, taken.get(name + ".weight"), taken.get(name + ".bias"), one, one);
  }
}
