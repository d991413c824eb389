package dev.longtake.rollout;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.diffusion.FewStepSampler;
import dev.longtake.memory.FullMemory;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.memory.MemoryPolicy;
import dev.longtake.memory.Slot;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.NativeMemory;
import dev.longtake.tensor.ReplayedWork;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.testkit.Reruns;
import dev.longtake.wan.Prompt;
import dev.longtake.wan.TinyWan;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(LeakGuard.class)
class TrainingRolloutTest {
  private static final FewStepSampler SAMPLER = new FewStepSampler(1000, 700, 400);
  private static final MemoryPolicy MEMORY =
      MemoryPolicies.policy(
          "slow-fast:sink=3,slow=3,fast=6,threshold=2,interval=1,eviction=redundant");
  private static final int CHUNKS = 9;

  private static TinyWan tiny;

  @BeforeAll
  static void build() {
    tiny = TinyWan.drawn(5);
  }

  @AfterAll
  static void close() {
    tiny.close();
  }

  @Test
  void aChunkMadeInTheCallersWayIsTheSamplersChunk() {
    try (var scope = Scope.open();
        var usual = alone(MEMORY, Recall.CACHED);
        var own = alone(MEMORY, Recall.CACHED);
        var rngOfUsual = Rng.seeded(1, Device.CPU);
        var rngOfOwn = Rng.seeded(1, Device.CPU)) {
      var prompt = tiny.prompt();
      for (int chunk = 0; chunk < 5; chunk++) {
        var noise = noise(chunk, 1);
        var expected = usual.next(prompt, prompt, 1, SAMPLER, noise, rngOfUsual);
        var made = own.next(prompt, 3, sampled(prompt, noise, rngOfOwn), same());
        assertThat(made).isBitwiseEqualTo(expected);
        assertThat(own.held()).isEqualTo(usual.held());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Recall.class)
  void everyVideoOfABatchIsWhatItWouldBeAlone(Recall recall) {
    try (var scope = Scope.open();
        var batch =
            Rollout.ofBatch(2, tiny.model(), MEMORY, recall, 4, 4, Dtype.FLOAT32, Device.CPU);
        var first = alone(MEMORY, recall);
        var second = alone(MEMORY, recall)) {
      var prompts = prompts();
      boolean apart = false;
      for (int chunk = 0; chunk < CHUNKS; chunk++) {
        var noise = noise(chunk, 2);
        var plans = batch.plans(3);
        assertThat(plans).containsExactly(first.plan(3), second.plan(3));
        apart |= !plans.getFirst().equals(plans.getLast());
        var together = batch.next(prompts, 3, jumped(prompts, noise), same());
        for (int i = 0; i < 2; i++) {
          var prompt = prompts.sample(i);
          var own = noise.narrow(0, i, 1);
          var one = List.of(first, second).get(i).next(prompt, 3, jumped(prompt, own), same());
          assertThat(together.narrow(0, i, 1)).isCloseTo(one, 1e-4);
        }
      }
      assertThat(apart).as("two videos that remember different frames").isTrue();
      assertThatThrownBy(batch::held).hasMessageContaining("ask for the plans of all");
    }
  }

  @Test
  void aBatchChangesPromptsLikeEachOfItsVideos() {
    try (var scope = Scope.open();
        var batch =
            Rollout.ofBatch(
                2, tiny.model(), MEMORY, Recall.CACHED, 4, 4, Dtype.FLOAT32, Device.CPU);
        var second = alone(MEMORY, Recall.CACHED)) {
      var before = prompts();
      var after = tiny.model().read(Tensor.cat(List.of(states(7), states(8)), 0));
      for (int chunk = 0; chunk < 4; chunk++) {
        boolean switched = chunk >= 2;
        if (chunk == 2) {
          batch.onSwitch(PromptSwitch.RECOMPUTE);
          second.onSwitch(PromptSwitch.RECOMPUTE);
        }
        var prompts = switched ? after : before;
        var noise = noise(chunk, 2);
        var together = batch.next(prompts, 3, jumped(prompts, noise), same());
        var prompt = prompts.sample(1);
        var one = second.next(prompt, 3, jumped(prompt, noise.narrow(0, 1, 1)), same());
        assertThat(together.narrow(0, 1, 1)).as("chunk " + chunk).isCloseTo(one, 1e-4);
      }
    }
  }

  @Test
  void keptPassesGiveTheSameAfterMemoryWentOn() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rollout =
            Rollout.ofBatch(
                2, tiny.model(), MEMORY, Recall.CACHED, 4, 4, Dtype.FLOAT32, Device.CPU)) {
      var prompts = prompts();
      var kept = new ArrayList<KeptPasses>();
      var made = new ArrayList<Tensor>();
      for (int chunk = 0; chunk < CHUNKS; chunk++) {
        var noise = noise(chunk, 2);
        made.add(
            rollout.next(
                prompts,
                3,
                passes -> {
                  kept.add(passes.keep());
                  return SAMPLER.jump(0, passes.under(prompts), noise);
                },
                same()));
      }
      for (int chunk = 0; chunk < CHUNKS; chunk++) {
        var again = SAMPLER.jump(0, kept.get(chunk).under(prompts), noise(chunk, 2));
        assertThat(again).as("chunk " + chunk).isBitwiseEqualTo(made.get(chunk));
      }
      kept.forEach(KeptPasses::close);
    }
  }

  @ParameterizedTest
  @EnumSource(Recall.class)
  void passesAreRecordedOnceAndReplayedInTheBatchesThatFollow(Recall recall) {
    var recorder = new Reruns();
    try (var scope = Scope.open();
        var replaying = batch(recall);
        var plain = batch(recall)) {
      replaying.replayPasses(recorder);
      sameFiveTimes(replaying, plain, 5, recorder);
      // A noisy and a clean pass with 0, 3, 6 and 9 remembered frames, and one that recalls them.
      assertThat(recorder.replays())
          .hasSize(recall == Recall.CACHED ? 8 : 11)
          .allMatch(replays -> replays >= 3);
    }
  }

  @ParameterizedTest
  @EnumSource(Recall.class)
  void whatIsDoneWithRememberedKeysIsReplayedInTheBatchesThatFollow(Recall recall) {
    var recorder = new Reruns();
    try (var scope = Scope.open();
        var replaying = batch(recall);
        var plain = batch(recall)) {
      replaying.replayPasses(new Reruns());
      replaying.replayMoves(new ReplayedWork(recorder));
      sameFiveTimes(replaying, plain, 6, recorder);
      assertThat(recorder.replays())
          .hasSizeGreaterThanOrEqualTo(3)
          .allMatch(replays -> replays >= 2);
    }
  }

  /** Five batches by both; what was recorded in the first three is good for the others. */
  private static void sameFiveTimes(Rollout replaying, Rollout plain, int chunks, Reruns recorder) {
    for (int video = 0; video < 5; video++) {
      int before = recorder.replays().size();
      replaying.restart();
      plain.restart();
      var prompts = tiny.model().read(Tensor.cat(List.of(states(video), states(9)), 0));
      for (int chunk = 0; chunk < chunks; chunk++) {
        var noise = noise(10L * video + chunk, 2);
        var made = replaying.next(prompts, 3, jumped(prompts, noise), same());
        var expected = plain.next(prompts, 3, jumped(prompts, noise), same());
        assertThat(made).as("video " + video + ", chunk " + chunk).isBitwiseEqualTo(expected);
        assertThat(replaying.plans(3)).isEqualTo(plain.plans(3));
      }
      if (video >= 3) {
        assertThat(recorder.replays())
            .as("what was recorded is good for every batch")
            .hasSize(before);
      }
    }
  }

  @Test
  void aRecallThatFailsHalfWayIsNotGoneOnFrom() {
    try (var scope = Scope.open();
        var rollout = batch(Recall.RECOMPUTED)) {
      rollout.replayPasses(
          work -> {
            throw new IllegalStateException("out of memory");
          });
      var prompts = prompts();
      rollout.next(prompts, 3, jumped(prompts, noise(1, 2)), same());
      rollout.next(prompts, 3, jumped(prompts, noise(2, 2)), same());
      rollout.restart();
      rollout.next(prompts, 3, jumped(prompts, noise(1, 2)), same());
      assertThatThrownBy(() -> rollout.next(prompts, 3, jumped(prompts, noise(2, 2)), same()))
          .hasMessage("out of memory"); // three frames were recalled before
      assertThatThrownBy(() -> rollout.next(prompts, 3, jumped(prompts, noise(2, 2)), same()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("nothing can follow");
    }
  }

  private static Rollout batch(Recall recall) {
    return Rollout.ofBatch(2, tiny.model(), MEMORY, recall, 4, 4, Dtype.FLOAT32, Device.CPU);
  }

  @Test
  void memoryUseOfABatchDoesNotGrowWithTheVideo() {
    try (var scope = Scope.open();
        var rollout =
            Rollout.ofBatch(
                2, tiny.model(), MEMORY, Recall.CACHED, 4, 4, Dtype.FLOAT32, Device.CPU)) {
      var handles = new ArrayList<Long>();
      for (int chunk = 0; chunk < 16; chunk++) {
        try (var inner = Scope.open()) {
          var prompts = prompts();
          rollout.next(prompts, 3, jumped(prompts, noise(chunk, 2)), same());
        }
        handles.add(NativeMemory.liveHandles());
      }
      assertThat(handles.subList(8, 16)).containsOnly(handles.get(8));
    }
  }

  @Test
  void theCleanPassIsGivenWhatTheCallerSaysAndMemoryHoldsIt() {
    try (var scope = Scope.open();
        var plain = alone(new FullMemory(), Recall.CACHED);
        var disturbed = alone(new FullMemory(), Recall.CACHED)) {
      var prompt = tiny.prompt();
      for (var rollout : List.of(plain, disturbed)) {
        UnaryOperator<Tensor> remembered = rollout == plain ? same() : clean -> clean.plus(1);
        rollout.next(prompt, 3, jumped(prompt, noise(1, 1)), remembered);
        assertThat(rollout.plan(3).past()).extracting(Slot::frame).containsExactly(0, 1, 2);
      }
      var next = noise(2, 1);
      assertThat(disturbed.next(prompt, 3, jumped(prompt, next), same()).toFloats())
          .isNotEqualTo(plain.next(prompt, 3, jumped(prompt, next), same()).toFloats());
    }
  }

  @Test
  void aMemoryThatWritesInEveryPassCannotKeepThem() {
    try (var scope = Scope.open();
        var released =
            new Rollout(
                tiny.model(),
                MemoryPolicies.CONTEXT_FORCING_RELEASED,
                Recall.CACHED,
                4,
                4,
                Dtype.FLOAT32,
                Device.CPU)) {
      assertThatThrownBy(
              () ->
                  released.next(
                      tiny.prompt(),
                      3,
                      passes -> {
                        passes.keep().close();
                        return noise(1, 1);
                      },
                      same()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("writes in every pass");
    }
  }

  private static Function<ChunkPasses, Tensor> sampled(Prompt prompt, Tensor noise, Rng rng) {
    return passes -> SAMPLER.sample(passes.under(prompt), noise, rng);
  }

  private static Function<ChunkPasses, Tensor> jumped(Prompt prompt, Tensor noise) {
    return passes -> SAMPLER.jump(0, passes.under(prompt), noise);
  }

  private static UnaryOperator<Tensor> same() {
    return clean -> clean;
  }

  private static Rollout alone(MemoryPolicy policy, Recall recall) {
    return new Rollout(tiny.model(), policy, recall, 4, 4, Dtype.FLOAT32, Device.CPU);
  }

  private static Prompt prompts() {
    return tiny.model().read(Tensor.cat(List.of(states(1), states(2)), 0));
  }

  private static Tensor states(long seed) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(seed, Device.CPU)) {
      return scope.keep(rng.normal(Dtype.FLOAT32, 1, 4, TinyWan.CONFIG.textDim()));
    }
  }

  private static Tensor noise(long seed, int videos) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(100 + seed, Device.CPU)) {
      return scope.keep(rng.normal(Dtype.FLOAT32, videos, TinyWan.CHANNELS, 3, 4, 4));
    }
  }
}
