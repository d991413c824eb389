package dev.longtake.train;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.longtake.memory.FullMemory;
import dev.longtake.memory.Held;
import dev.longtake.memory.KvStore;
import dev.longtake.memory.Plan;
import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.Weights;
import dev.longtake.optim.FlatParameters;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.text.TokenIds;
import dev.longtake.wan.WanConfig;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class CausalObjectiveTest {
  private static final CausalObjective.Config PLAIN = new CausalObjective.Config(3, 1, 0, 0);

  private FlatParameters flat;
  private Weights weights;
  private Tiny.Causal networks;

  @BeforeEach
  void build() {
    flat = Tiny.causalParameters(1);
    weights = Weights.from(flat);
    networks = Tiny.Causal.of(weights);
  }

  @AfterEach
  void close() {
    weights.close();
    flat.close();
  }

  @Test
  void withMemoryGradientsReachEveryWeightOfTransformerAndTextEncoder() {
    try (var scope = Scope.open();
        var rng = rng()) {
      objective(batch(4, 3), PLAIN).at(0, rng).total().backward();
      assertEveryWeightIsReached();
    }
  }

  @Test
  void inTeacherForcingGradientsReachEveryWeightOfTransformerAndTextEncoder() {
    try (var scope = Scope.open();
        var rng = rng()) {
      objective(batch(0, 6), PLAIN).at(0, rng).total().backward();
      assertEveryWeightIsReached();
    }
  }

  @Test
  void theTagSaysWhatWasTrained() {
    try (var scope = Scope.open()) {
      assertTag(batch(4, 3), "causal/context_4");
      assertTag(batch(0, 3), "causal/context_0");
      assertTag(batch(0, 6), "causal/teacher_forcing");
      assertTag(batch(1, 1), "causal/context_1");
    }
  }

  @Test
  void everyContextFrameHasItsShareInTheLoss() {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var batch = batch(4, 3);
      double loss = loss(batch, PLAIN);
      for (int frame = 0; frame < 4; frame++) {
        var other = batch.latents().copy();
        other.narrow(2, frame, 1).fill(0.5);
        assertThat(loss(with(batch, other), PLAIN)).as("frame " + frame).isNotEqualTo(loss);
      }
    }
  }

  @Test
  void theContextIsAtItsPositions() {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var batch = batch(4, 3);
      int[] moved = batch.positions().clone();
      moved[0] += 1; // rotary positions are relative, so all must not move alike
      moved[1] += 1;
      var shifted = new CausalBatch(batch.latents(), moved, 3, batch.captions());
      assertThat(loss(shifted, PLAIN)).isNotEqualTo(loss(batch, PLAIN));
    }
  }

  @Test
  void aFirstChunksLossIsTheFlowsErrorAtTheDrawnLevels() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = rng()) {
      var batch = batch(0, 3);
      long size = batch.latents().size(0);
      var noise = rng.normal(Dtype.FLOAT32, batch.latents().shape());
      var sigma = FlowMatching.sigmas(rng, 3, size, 1, 1, 1, 1);
      var states = networks.text().encode(batch.captions(), Dtype.FLOAT32);
      var flow =
          networks
              .model()
              .forward(
                  FlowMatching.noised(batch.latents(), noise, sigma),
                  sigma.reshape(size, 1).times(1000).expand(size, 3),
                  batch.positions(),
                  networks.model().read(states));
      double expected = flow.minus(noise.minus(batch.latents())).square().mean().item();
      assertThat(loss(batch, PLAIN)).isEqualTo(expected);
    }
  }

  @Test
  void aContextIsSeenCleanAndDisturbedOnlyAsFarAsTheConfigurationSays() {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var batch = batch(4, 3);
      double clean = loss(batch, PLAIN);
      assertThat(loss(batch, PLAIN)).isEqualTo(clean);
      assertThat(loss(batch, new CausalObjective.Config(3, 1, 0.3, 0))).isNotEqualTo(clean);
      // The first chunk has no context, so that its loss draws nothing more.
      var first = batch(0, 3);
      assertThat(loss(first, new CausalObjective.Config(3, 1, 0.3, 0)))
          .isEqualTo(loss(first, PLAIN));
    }
  }

  @Test
  void drawsOfAChunkShareTheContextAndEachHasItsOwnLevel() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = rng()) {
      var batch = batch(4, 3);
      long size = batch.latents().size(0);
      var clean = batch.latents().narrow(2, 4, 3);
      var noise = rng.normal(Dtype.FLOAT32, size, clean.size(1), 6, clean.size(3), clean.size(4));
      var sigma = FlowMatching.sigmas(rng, 3, size, 2, 1);
      var states = networks.text().encode(batch.captions(), Dtype.FLOAT32);
      double expected = 0;
      for (int draw = 0; draw < 2; draw++) {
        var level = sigma.select(1, draw); // [B, 1]
        var itsNoise = noise.narrow(2, 3 * draw, 3);
        var noisy = FlowMatching.noised(clean, itsNoise, level.reshape(size, 1, 1, 1, 1));
        var times = level.times(1000).expand(size, 3);
        var flow =
            networks
                .model()
                .forward(
                    Tensor.cat(List.of(batch.latents().narrow(2, 0, 4), noisy), 2),
                    Tensor.cat(List.of(Tensor.zeros(Dtype.FLOAT32, Device.CPU, size, 4), times), 1),
                    batch.positions(),
                    networks.model().read(states),
                    i -> AttentionSpan.contextThenChunk(4L * patches(batch)),
                    3);
        expected += FlowMatching.loss(flow, clean, itsNoise).item() / 2;
      }
      double both = loss(batch, new CausalObjective.Config(3, 2, 0, 0));
      assertThat(both).isCloseTo(expected, withinPercentage(1e-3));
    }
  }

  private static long patches(CausalBatch batch) {
    return batch.latents().size(3) / 2 * (batch.latents().size(4) / 2);
  }

  @Test
  void aHiddenCaptionNeitherMattersNorLearns() {
    var hiding = new CausalObjective.Config(3, 1, 0, 1);
    try (var scope = Scope.open();
        var rng = rng()) {
      var batch = batch(4, 3);
      var mask = batch.captions().mask();
      var otherWords = new TokenIds(mask, mask); // the same word throughout
      var other = new CausalBatch(batch.latents(), batch.positions(), 3, otherWords);
      try (var off = Gradients.off()) {
        assertThat(loss(other, hiding)).isEqualTo(loss(batch, hiding));
        assertThat(loss(other, PLAIN)).isNotEqualTo(loss(batch, PLAIN));
      }
      objective(batch, hiding).at(0, rng).total().backward();
      for (var name : flat.names()) {
        if (name.startsWith("text_encoder.")) {
          assertThat(flat.view(flat.gradients(), name).abs().max().item()).as(name).isZero();
        }
      }
    }
  }

  @Test
  void teacherForcingLearnsWhatGenerationWithTheTruePastPredicts() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = rng();
        var store = store()) {
      var batch = batch(0, 6);
      var latents = batch.latents();
      var noise = rng.normal(Dtype.FLOAT32, latents.shape());
      var sigma = FlowMatching.sigmas(rng, 3, 2, 2, 1);
      var policy = new FullMemory();
      var held = Held.empty();
      double expected = 0;
      for (int block = 0; block < 2; block++) {
        var clean = latents.narrow(2, 3 * block, 3);
        var level = sigma.narrow(1, block, 1).reshape(2, 1, 1, 1, 1);
        var plan = policy.plan(held, 3);
        store.begin(plan);
        var blockNoise = noise.narrow(2, 3 * block, 3);
        var noisy = FlowMatching.noised(clean, blockNoise, level);
        var flow = pass(noisy, level.reshape(2, 1).times(1000), plan, batch, store);
        expected += FlowMatching.loss(flow, clean, blockNoise).item() / 2;
        store.record();
        pass(clean, Tensor.zeros(Dtype.FLOAT32, Device.CPU, 2, 1), plan, batch, store);
        store.commit(3 * block, false);
        held = policy.remember(held, plan, store.similarity());
      }
      assertThat(loss(batch, PLAIN)).isCloseTo(expected, withinPercentage(1e-3));
    }
  }

  @Test
  void withMemoryItLearnsWhatGenerationWithThatMemoryPredicts() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = rng();
        var store = store()) {
      var batch = batch(4, 3);
      var policy = new FullMemory();
      var first = policy.plan(Held.empty(), 4);
      store.begin(first);
      store.record();
      var context = batch.latents().narrow(2, 0, 4);
      pass(context, Tensor.zeros(Dtype.FLOAT32, Device.CPU, 2, 1), first, batch, store);
      store.commit(0, false);

      var held = policy.remember(Held.empty(), first, store.similarity());
      var plan = new Plan(held.slots(), new int[] {0, 1, 2, 3}, new int[] {6, 7, 8});
      store.begin(plan);
      var clean = batch.latents().narrow(2, 4, 3);
      var noise = rng.normal(Dtype.FLOAT32, clean.shape());
      var sigma = FlowMatching.sigmas(rng, 3, 2, 1, 1, 1, 1);
      var noisy = FlowMatching.noised(clean, noise, sigma);
      var flow = pass(noisy, sigma.reshape(2, 1).times(1000), plan, batch, store);
      double expected = FlowMatching.loss(flow, clean, noise).item();
      assertThat(loss(batch, PLAIN)).isCloseTo(expected, withinPercentage(1e-3));
    }
  }

  private Tensor pass(
      Tensor latents, Tensor timesteps, Plan plan, CausalBatch batch, KvStore store) {
    int frames = plan.chunkFrames();
    var states = networks.text().encode(batch.captions(), Dtype.FLOAT32);
    return networks
        .model()
        .forward(
            latents,
            timesteps.expand(2, frames),
            plan.chunkPositions(),
            networks.model().read(states),
            store::layer,
            frames);
  }

  private static KvStore store() {
    int side = Tiny.SIDE / WanConfig.PATCH;
    return new KvStore(
        new KvStore.Geometry(Tiny.WAN.numLayers(), side, side, Tiny.WAN.headDim()), Device.CPU);
  }

  @Test
  void valuesOutOfRangeAreRefused() {
    assertThatThrownBy(() -> new CausalObjective.Config(0, 1, 0, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("shift above 0")
        .hasMessageContaining("0.0, 1, 0.0, 0.0");
    assertThatThrownBy(() -> new CausalObjective.Config(1, 0, 0, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("draws of at least 1");
    assertThatThrownBy(() -> new CausalObjective.Config(1, 1, 1.1, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new CausalObjective.Config(1, 1, 0, -0.1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aBatchWhosePositionsDoNotFitItsFramesIsRefused() {
    try (var scope = Scope.open()) {
      var batch = batch(4, 3);
      assertThatThrownBy(
              () -> new CausalBatch(batch.latents(), new int[] {0, 1}, 1, batch.captions()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("2 positions do not fit latents Tensor[2, 2, 7, 4, 4]");
    }
  }

  private void assertEveryWeightIsReached() {
    assertThat(flat.names())
        .hasSizeGreaterThan(60)
        .allSatisfy(
            name ->
                assertThat(flat.view(flat.gradients(), name).abs().max().item())
                    .as(name)
                    .isPositive());
  }

  private void assertTag(CausalBatch batch, String tag) {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = rng()) {
      var loss = objective(batch, PLAIN).at(0, rng);
      assertThat(loss.parts()).containsOnlyKeys(tag);
      assertThat(loss.parts().get(tag)).isBitwiseEqualTo(loss.total());
    }
  }

  private double loss(CausalBatch batch, CausalObjective.Config config) {
    try (var scope = Scope.open();
        var rng = rng()) {
      return objective(batch, config).at(0, rng).total().item();
    }
  }

  private static Rng rng() {
    return Rng.seeded(3, Device.CPU);
  }

  private CausalObjective objective(CausalBatch batch, CausalObjective.Config config) {
    return new CausalObjective(
        networks.model(), networks.text(), step -> batch, config, Dtype.FLOAT32);
  }

  private static CausalBatch batch(int context, int chunk) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(8, Device.CPU)) {
      int frames = context + chunk;
      var latents =
          scope.keep(rng.normal(Dtype.FLOAT32, 2, Tiny.CHANNELS, frames, Tiny.SIDE, Tiny.SIDE));
      var ids = scope.keep(rng.integers(Tiny.TEXT.vocab(), 2, Tiny.WAN.textLen()));
      var mask = scope.keep(Tensor.full(1, Dtype.INT64, Device.CPU, ids.shape()));
      int[] positions = IntStream.range(0, frames).map(i -> i < context ? i : i + 2).toArray();
      return new CausalBatch(latents, positions, chunk, new TokenIds(ids, mask));
    }
  }

  private static CausalBatch with(CausalBatch batch, Tensor latents) {
    return new CausalBatch(latents, batch.positions(), batch.chunk(), batch.captions());
  }
}
