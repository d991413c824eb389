package dev.longtake.vae;

import static dev.longtake.testkit.TensorAssert.relativeError;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.nn.ChannelNorm;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class VaeTest {
  private static final double ROUNDING = 1e-5;
  private static final long SEED = 20260131;

  private Rng rng;
  private Weights weights;
  private WanVae vae;

  @BeforeEach
  void make() {
    rng = Rng.seeded(SEED, Device.CPU);
    weights = Weights.random(rng, Dtype.FLOAT32);
    var config =
        VaeConfig.small(4, 3).withStatistics(List.of(0.1, -0.2, 0.3), List.of(0.5, 1.0, 2.0));
    vae = WanVae.of(config, weights);
  }

  @AfterEach
  void free() {
    vae.close();
    weights.close();
    rng.close();
  }

  @Test
  void aVideoDecodedInAnyPartsIsTheVideoDecodedWhole() {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      InParts.decodesAsWhole(vae, rng.normal(Dtype.FLOAT32, 2, 3, 7, 3, 2), ROUNDING);
    }
  }

  @Test
  void aVideoEncodedInAnyGroupsIsTheVideoEncodedWhole() {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var video = rng.normal(Dtype.FLOAT32, 2, 3, 21, 16, 24);
      var whole = vae.encode(video);
      assertThat(whole.shape()).containsExactly(2, 3, 6, 2, 3);
      for (var lengths : List.of(List.of(1, 4, 4, 4, 4, 4), List.of(9, 4, 8), List.of(1, 20))) {
        try (var state = EncodeState.start()) {
          List<Tensor> parts = new ArrayList<>();
          for (int length : lengths) {
            parts.add(vae.encode(video.narrow(2, state.pixelFrames(), length), state));
          }
          assertThat(relativeError(Tensor.cat(parts, 2), whole))
              .as("groups of %s", lengths)
              .isLessThan(ROUNDING);
        }
      }
    }
  }

  @Test
  void aFrameDependsOnNoLaterOne() {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var latents = rng.normal(Dtype.FLOAT32, 1, 3, 4, 2, 2);
      var shorter = vae.decode(latents.narrow(2, 0, 3));
      var longer = vae.decode(latents).narrow(2, 0, 9);
      assertThat(relativeError(longer, shorter)).isLessThan(ROUNDING);
    }
  }

  @Test
  void gradientsReachEveryWeight() {
    try (var scope = Scope.open()) {
      weights.taken().values().forEach(weight -> weight.requireGradient(true));
      var video = rng.normal(Dtype.FLOAT32, 1, 3, 9, 16, 16);
      var moments = vae.encodeMoments(video);
      var back = vae.decode(vae.normalised(moments.sample(rng)));
      back.minus(video).square().mean().plus(moments.divergence()).backward();
      for (var entry : weights.taken().entrySet()) {
        assertThat(entry.getValue().hasGradient()).as(entry.getKey()).isTrue();
        assertThat(entry.getValue().gradient().abs().max().item())
            .as(entry.getKey())
            .isPositive()
            .isFinite();
      }
    }
  }

  @Test
  void aStreamRecordsNothingForDifferentiation() {
    try (var scope = Scope.open();
        var state = DecodeState.start()) {
      weights.taken().values().forEach(weight -> weight.requireGradient(true));
      var out = vae.decode(rng.normal(Dtype.FLOAT32, 1, 3, 1, 2, 2), state);
      assertThat(out.requiresGradient()).isFalse();
    }
  }

  @Test
  void halfPrecisionStaysCloseToSingle() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var more = Weights.random(rng, Dtype.FLOAT32);
        var wider = WanVae.of(VaeConfig.small(16, 8), more)) {
      var video = rng.normal(Dtype.FLOAT32, 1, 3, 5, 32, 32);
      var halfLatents = wider.encode(video.to(Dtype.BFLOAT16));
      assertThat(halfLatents.dtype()).isEqualTo(Dtype.BFLOAT16);
      assertThat(relativeError(halfLatents, wider.encode(video))).isLessThan(0.05);
      var latents = rng.normal(Dtype.FLOAT32, 1, 8, 2, 4, 4);
      var halfVideo = wider.decode(latents.to(Dtype.BFLOAT16));
      assertThat(halfVideo.dtype()).isEqualTo(Dtype.BFLOAT16);
      assertThat(relativeError(halfVideo, wider.decode(latents))).isLessThan(0.05);
    }
  }

  @Test
  void whatAStateHoldsDoesNotGrowWithTheVideo() {
    try (var scope = Scope.open();
        var state = DecodeState.start()) {
      vae.decode(rng.normal(Dtype.FLOAT32, 1, 3, 1, 2, 2), state);
      long afterOne = state.bytes();
      vae.decode(rng.normal(Dtype.FLOAT32, 1, 3, 3, 2, 2), state);
      vae.decode(rng.normal(Dtype.FLOAT32, 1, 3, 2, 2, 2), state);
      assertThat(state.bytes()).isEqualTo(afterOne).isPositive();
    }
  }

  @Test
  void whatAStateHoldsStaysWhereItIsUnlessAForkHasItToo() {
    try (var scope = Scope.open();
        var state = DecodeState.start()) {
      var latents = rng.normal(Dtype.FLOAT32, 1, 3, 1, 2, 2);
      vae.decode(latents, state);
      var first = state.cache.slots();
      vae.decode(latents, state);
      assertThat(state.cache.slots()).isNotEmpty().isEqualTo(first);
      try (var fork = state.fork()) {
        vae.decode(latents, state);
        var second = state.cache.slots();
        assertThat(second).hasSameSizeAs(first).doesNotContainAnyElementsOf(first);
        vae.decode(latents, state);
        assertThat(state.cache.slots()).isEqualTo(second);
        assertThat(relativeError(vae.decode(latents, fork), vae.decode(latents, fork)))
            .isGreaterThan(ROUNDING);
      }
    }
  }

  @Test
  void aForkGoesOnAloneFromWhereItWasMade() {
    try (var scope = Scope.open();
        var state = DecodeState.start()) {
      var latents = rng.normal(Dtype.FLOAT32, 1, 3, 3, 2, 2);
      vae.decode(latents.narrow(2, 0, 1), state);
      try (var fork = state.fork()) {
        vae.decode(latents.narrow(2, 2, 1), state);
        state.close();
        var forked = vae.decode(latents.narrow(2, 1, 2), fork);
        var whole = vae.decode(latents).narrow(2, 1, 8);
        assertThat(relativeError(forked, whole)).isLessThan(ROUNDING);
      }
    }
  }

  @Test
  void aStreamRefusesWhatDoesNotContinueIt() {
    try (var scope = Scope.open();
        var decoding = DecodeState.start();
        var encoding = EncodeState.start()) {
      vae.decode(Tensor.zeros(Dtype.FLOAT32, Device.CPU, 1, 3, 1, 2, 2), decoding);
      assertThatThrownBy(
              () -> vae.decode(Tensor.zeros(Dtype.FLOAT32, Device.CPU, 1, 3, 1, 2, 3), decoding))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("columns=2")
          .hasMessageContaining("columns=3");
      assertThatThrownBy(
              () -> vae.encode(Tensor.zeros(Dtype.FLOAT32, Device.CPU, 1, 3, 4, 16, 16), encoding))
          .hasMessage("4 frames do not make whole latents: give 1 + 4 k, such as 1");
      vae.encode(Tensor.zeros(Dtype.FLOAT32, Device.CPU, 1, 3, 1, 16, 16), encoding);
      assertThatThrownBy(
              () -> vae.encode(Tensor.zeros(Dtype.FLOAT32, Device.CPU, 1, 3, 5, 16, 16), encoding))
          .hasMessage("a video goes on in groups of 4 frames, not 5");
      decoding.close();
      assertThatThrownBy(
              () -> vae.decode(Tensor.zeros(Dtype.FLOAT32, Device.CPU, 1, 3, 1, 2, 2), decoding))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("CLOSED");
    }
  }

  @Test
  void nothingFollowsAPassThatFailedHalfWay() {
    try (var scope = Scope.open();
        var state = DecodeState.start()) {
      var latents = rng.normal(Dtype.FLOAT32, 1, 3, 1, 2, 2);
      vae.decode(latents, state);
      assertThatThrownBy(
              () ->
                  state.cache.pass(
                      latents,
                      x -> {
                        throw new UnsupportedOperationException("half way");
                      }))
          .hasMessage("half way");
      assertThatThrownBy(() -> vae.decode(latents, state))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("FAILED");
    }
  }

  @Test
  void picturesThatDoNotDivideIntoLatentsAreRefused() {
    try (var scope = Scope.open()) {
      assertThatThrownBy(() -> vae.encode(Tensor.zeros(Dtype.FLOAT32, Device.CPU, 1, 3, 1, 16, 20)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("multiples of 8");
    }
  }

  @Test
  void doublingIsNearestNeighboursAndAConvolution() {
    try (var scope = Scope.open()) {
      var layer =
          new Upsample(rng.normal(Dtype.FLOAT32, 2, 4, 3, 3), rng.normal(Dtype.FLOAT32, 2), null);
      var x = rng.normal(Dtype.FLOAT32, 1, 2, 3, 5, 4);
      long[] one = {1, 1};
      var plain =
          Functional.conv2d(
              Functional.upsampleNearest(Pictures.of(x), 6, 10),
              layer.weight(),
              layer.bias(),
              one,
              one);
      var out = layer.forward(x, Past.BEGINNING);
      assertThat(relativeError(out, Pictures.toVideo(plain, 1))).isLessThan(ROUNDING);
    }
  }

  @Test
  void everyKindOfNormDividesByTheLengthOfAPixel() {
    try (var scope = Scope.open()) {
      for (long channels : new long[] {8, 96}) {
        for (var dtype : List.of(Dtype.FLOAT32, Dtype.FLOAT64)) {
          var x = rng.normal(Dtype.FLOAT32, 1, 1, 2, 3, channels).times(1e-3).to(dtype);
          var gamma = rng.normal(Dtype.FLOAT32, channels, 1, 1, 1);
          var unit = x.dividedBy(x.square().sum(-1).sqrt());
          var plain = unit.times(Math.sqrt(channels)).times(gamma.reshape(channels).to(dtype));
          var norm = new ChannelNorm(gamma);
          assertThat(relativeError(norm.forward(x), plain)).isLessThan(ROUNDING);
          assertThat(norm.forward(x.times(0)).abs().max().item()).isZero();
        }
      }
    }
  }

  @Test
  void bothKindsOfConvolutionComeToTheSameSum() {
    try (var scope = Scope.open()) {
      var conv =
          new CausalConv(rng.normal(Dtype.FLOAT32, 5, 4, 3, 3, 3), rng.normal(Dtype.FLOAT32, 5));
      var x = rng.normal(Dtype.FLOAT32, 2, 3, 4, 5, 4);
      var planar = conv.forward(x, Past.BEGINNING);
      var solid = conv.forward(x.to(Dtype.FLOAT64), Past.BEGINNING);
      assertThat(relativeError(planar, solid)).isLessThan(ROUNDING);
    }
  }
}
