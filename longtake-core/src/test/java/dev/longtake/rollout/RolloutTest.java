package dev.longtake.rollout;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.diffusion.EulerSampler;
import dev.longtake.diffusion.FewStepSampler;
import dev.longtake.diffusion.Sampler;
import dev.longtake.memory.FullMemory;
import dev.longtake.memory.Memory;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.memory.SlidingWindow;
import dev.longtake.memory.Slot;
import dev.longtake.nn.AttentionSpan;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.NativeMemory;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.wan.TinyWan;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(LeakGuard.class)
class RolloutTest {
  private static final Sampler TWO_STEPS = new EulerSampler(1, 0.6f, 0);
  private static final Memory MEMORY =
      MemoryPolicies.policy("slow-fast:sink=3,slow=3,fast=6,threshold=2,interval=1");

  private static TinyWan tiny;

  @BeforeAll
  static void build() {
    tiny = TinyWan.drawn(5);
  }

  @AfterAll
  static void close() {
    tiny.close();
  }

  @ParameterizedTest
  @EnumSource(Recall.class)
  void theSameSeedGivesTheSameLatentsAndAnotherSeedOthers(Recall recall) {
    try (var scope = Scope.open()) {
      var one = generated(recall, 7, 5);
      assertThat(generated(recall, 7, 5)).isBitwiseEqualTo(one);
      assertThat(generated(recall, 8, 5).toFloats()).isNotEqualTo(one.toFloats());
      assertThat(one).isFinite().hasShape(1, TinyWan.CHANNELS, 15, 4, 4).hasDtype(Dtype.FLOAT32);
    }
  }

  @ParameterizedTest
  @EnumSource(Recall.class)
  void memoryUseDoesNotGrowWithTheVideo(Recall recall) {
    try (var scope = Scope.open();
        var rollout = rollout(MEMORY, recall)) {
      var handles = new ArrayList<Long>();
      for (int chunk = 0; chunk < 24; chunk++) {
        try (var inner = Scope.open();
            var rng = Rng.seeded(chunk, Device.CPU)) {
          var prompt = tiny.prompt();
          rollout.next(prompt, prompt, 1, new FewStepSampler(1000, 500), noise(chunk), rng);
        }
        handles.add(NativeMemory.liveHandles());
      }
      assertThat(handles.subList(8, 24)).containsOnly(handles.get(8));
      assertThat(rollout.held().frames()).isEqualTo(72);
      assertThat(rollout.held().slots()).hasSize(12);
    }
  }

  @Test
  void recomputedMemoryIsWhatATrainingPassWithContextAttendsTo() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rollout = rollout(MEMORY, Recall.RECOMPUTED);
        var rng = Rng.seeded(1, Device.CPU)) {
      var clean = latents(3, 18);
      for (int chunk = 0; chunk < 6; chunk++) {
        rollout.remember(clean.narrow(2, 3 * chunk, 3), tiny.prompt());
      }
      var plan = rollout.plan(3);
      var context =
          Tensor.cat(
              plan.past().stream().map(slot -> clean.narrow(2, slot.frame(), 1)).toList(), 2);
      int frames = plan.past().size();
      assertThat(frames).isEqualTo(9);

      var noise = noise(9);
      var times =
          Tensor.cat(
              List.of(
                  Tensor.zeros(Dtype.FLOAT32, Device.CPU, 1, frames),
                  Tensor.full(1000, Dtype.FLOAT32, Device.CPU, 1, 3)),
              1);
      var flow =
          tiny.model()
              .forward(
                  Tensor.cat(List.of(context, noise), 2),
                  times,
                  IntStream.range(0, frames + 3).toArray(),
                  tiny.prompt(),
                  i -> AttentionSpan.contextThenChunk(frames * 4L),
                  3);
      var prompt = tiny.prompt();
      var generated = rollout.next(prompt, prompt, 1, new EulerSampler(1, 0), noise, rng);
      assertThat(generated).isCloseTo(noise.minus(flow), 1e-5);
    }
  }

  @Test
  void cachedAndRecomputedMemoryAgreeOnTheFirstTwoChunksOnly() {
    try (var scope = Scope.open()) {
      // The first chunk's keys are the same either way; the second's were made beside the first.
      var cached = generated(Recall.CACHED, 7, 4);
      var recomputed = generated(Recall.RECOMPUTED, 7, 4);
      assertThat(recomputed.narrow(2, 0, 6)).isCloseTo(cached.narrow(2, 0, 6), 1e-5);
      assertThat(recomputed.narrow(2, 6, 3).toFloats())
          .isNotEqualTo(cached.narrow(2, 6, 3).toFloats());
    }
  }

  @ParameterizedTest
  @EnumSource(Recall.class)
  void aPeekIsTheNextChunkAndRemembersNothing(Recall recall) {
    try (var scope = Scope.open();
        var rollout = rollout(MEMORY, recall);
        var rng = Rng.seeded(1, Device.CPU)) {
      var prompt = tiny.prompt();
      for (int chunk = 0; chunk < 5; chunk++) {
        rollout.next(prompt, prompt, 1, TWO_STEPS, noise(chunk), rng);
      }
      var held = rollout.held();
      var peeked = rollout.peek(prompt, prompt, 1, TWO_STEPS, noise(5), rng);
      rollout.peek(prompt, prompt, 1, TWO_STEPS, noise(6), rng);
      assertThat(rollout.held()).isEqualTo(held);
      assertThat(rollout.next(prompt, prompt, 1, TWO_STEPS, noise(5), rng))
          .isBitwiseEqualTo(peeked);
      assertThat(rollout.held().frames()).isEqualTo(18);
    }
  }

  @Test
  void aGivenChunkIsRememberedAsIfItHadBeenGenerated() {
    try (var scope = Scope.open();
        var first = rollout(MEMORY, Recall.CACHED);
        var second = rollout(MEMORY, Recall.CACHED);
        var rng = Rng.seeded(1, Device.CPU)) {
      var prompt = tiny.prompt();
      for (int chunk = 0; chunk < 4; chunk++) {
        second.remember(first.next(prompt, prompt, 1, TWO_STEPS, noise(chunk), rng), prompt);
      }
      assertThat(second.held()).isEqualTo(first.held());
      assertThat(second.next(prompt, prompt, 1, TWO_STEPS, noise(4), rng))
          .isBitwiseEqualTo(first.next(prompt, prompt, 1, TWO_STEPS, noise(4), rng));
    }
  }

  @Test
  void whatFallsOutOfMemoryHasNoInfluence() {
    try (var scope = Scope.open();
        var one = rollout(new SlidingWindow(6), Recall.RECOMPUTED);
        var other = rollout(new SlidingWindow(6), Recall.RECOMPUTED);
        var rng = Rng.seeded(1, Device.CPU)) {
      var prompt = tiny.prompt();
      one.remember(latents(1, 3), prompt);
      other.remember(latents(2, 3), prompt);
      for (var rollout : List.of(one, other)) {
        rollout.remember(latents(3, 3), prompt);
        assertThat(rollout.plan(3).past()).extracting(Slot::frame).containsExactly(3, 4, 5);
      }
      assertThat(other.next(prompt, prompt, 1, TWO_STEPS, noise(4), rng))
          .isBitwiseEqualTo(one.next(prompt, prompt, 1, TWO_STEPS, noise(4), rng));
    }
  }

  @Test
  void memoryAndGuidanceMatter() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, Device.CPU)) {
      var prompt = tiny.prompt();
      var empty = tiny.model().read(tiny.states().times(0));
      var results = new ArrayList<float[]>();
      for (var policy : List.of(new FullMemory(), new SlidingWindow(3))) {
        for (double guidance : new double[] {1, 2}) {
          try (var rollout = rollout(policy, Recall.CACHED)) {
            rollout.remember(latents(1, 3), prompt);
            results.add(rollout.next(prompt, empty, guidance, TWO_STEPS, noise(2), rng).toFloats());
          }
        }
      }
      for (int i = 0; i < results.size(); i++) {
        for (int j = 0; j < i; j++) {
          assertThat(results.get(i)).as(i + " and " + j).isNotEqualTo(results.get(j));
        }
      }
    }
  }

  private static Tensor generated(Recall recall, long seed, int chunks) {
    try (var scope = Scope.open();
        var rollout = rollout(MEMORY, recall);
        var rng = Rng.seeded(seed, Device.CPU)) {
      var prompt = tiny.prompt();
      var out = new ArrayList<Tensor>();
      for (int chunk = 0; chunk < chunks; chunk++) {
        var noise = rng.normal(Dtype.FLOAT32, 1, TinyWan.CHANNELS, 3, 4, 4);
        out.add(rollout.next(prompt, prompt, 1, TWO_STEPS, noise, rng));
      }
      return scope.keep(Tensor.cat(out, 2));
    }
  }

  private static Rollout rollout(Memory policy, Recall recall) {
    return new Rollout(tiny.model(), policy, recall, 4, 4, Dtype.FLOAT32, Device.CPU);
  }

  private static Tensor noise(long seed) {
    return latents(100 + seed, 3);
  }

  private static Tensor latents(long seed, int frames) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(seed, Device.CPU)) {
      return scope.keep(rng.normal(Dtype.FLOAT32, 1, TinyWan.CHANNELS, frames, 4, 4));
    }
  }
}
