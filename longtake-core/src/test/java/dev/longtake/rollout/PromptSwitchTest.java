package dev.longtake.rollout;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.diffusion.EulerSampler;
import dev.longtake.memory.Memory;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.memory.Plan;
import dev.longtake.memory.Region;
import dev.longtake.memory.Slot;
import dev.longtake.nn.AttentionSpan;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.wan.Prompt;
import dev.longtake.wan.TinyWan;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What memory holds after the prompt changed. */
@ExtendWith(LeakGuard.class)
class PromptSwitchTest {
  private static final int PATCHES = 4;
  private static final String SLOW_FAST = "slow-fast:sink=3,slow=3,fast=6,threshold=2,interval=1";

  private static TinyWan tiny;

  @BeforeAll
  static void build() {
    tiny = TinyWan.drawn(5);
  }

  @AfterAll
  static void close() {
    tiny.close();
  }

  /** A chunk under the new prompt that attends to keys made under the old one. */
  @Test
  void keptMemoryHasTheSameFramesKeysAndPositions() {
    try (var scope = Scope.open();
        var switched = filled(SLOW_FAST, Recall.CACHED);
        var untouched = filled(SLOW_FAST, Recall.CACHED)) {
      var before = switched.held();
      switched.onSwitch(PromptSwitch.KEEP);
      assertThat(switched.held()).isEqualTo(before);
      assertThat(next(switched, newPrompt())).isBitwiseEqualTo(next(untouched, newPrompt()));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        SLOW_FAST,
        "sink-window:sink=3,frames=9,positions=absolute",
        "sliding-window:9",
        "full"
      })
  void recomputedKeysAreThoseOfOnePassOverTheFramesHeldUnderTheNewPrompt(String memory) {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rollout = filled(memory, Recall.CACHED)) {
      var held = rollout.held();
      rollout.onSwitch(PromptSwitch.RECOMPUTE);
      var plan = rollout.plan(3);
      assertThat(rollout.held()).isEqualTo(held);
      assertThat(next(rollout, newPrompt())).isCloseTo(expected(plan, newPrompt()), 1e-5);
      // The next chunk is remembered under the new prompt, beside what was passed again.
      var after = rollout.plan(3).past().stream().map(Slot::frame).toList();
      assertThat(after).contains(18, 19, 20);
    }
  }

  @Test
  void recomputingIsDoneOnceAndUnderNoOtherPrompt() {
    try (var scope = Scope.open();
        var recomputed = filled(SLOW_FAST, Recall.CACHED);
        var kept = filled(SLOW_FAST, Recall.CACHED);
        var old = filled(SLOW_FAST, Recall.CACHED)) {
      recomputed.onSwitch(PromptSwitch.RECOMPUTE);
      old.onSwitch(PromptSwitch.RECOMPUTE);
      var fresh = next(recomputed, newPrompt());
      assertThat(fresh.toFloats()).isNotEqualTo(next(kept, newPrompt()).toFloats());
      assertThat(fresh.toFloats()).isNotEqualTo(next(old, tiny.prompt()).toFloats());
      // A peek uses the new keys as well, and the chunk after it sees no others.
      var peeked = peek(recomputed, newPrompt());
      assertThat(next(recomputed, newPrompt())).isBitwiseEqualTo(peeked);
    }
  }

  @ParameterizedTest
  @EnumSource(Recall.class)
  void aFlushLeavesTheSinkAndTheLatestTwoFrames(Recall recall) {
    try (var scope = Scope.open();
        var rollout = filled(SLOW_FAST, recall)) {
      assertThat(rollout.held().framesIn(Region.SLOW)).isNotEmpty();
      rollout.onSwitch(PromptSwitch.FLUSH);
      assertThat(rollout.held().framesIn(Region.SINK)).containsExactly(0, 1, 2);
      assertThat(rollout.held().framesIn(Region.SLOW)).isEmpty();
      assertThat(rollout.held().framesIn(Region.FAST)).containsExactly(16, 17);
      assertThat(rollout.plan(3).pastPositions()).containsExactly(0, 1, 2, 3, 4);
      assertThat(rollout.plan(3).chunkPositions()).containsExactly(5, 6, 7);
      next(rollout, newPrompt());
      assertThat(rollout.frames()).isEqualTo(21);
    }
  }

  /** Where keys are computed from latents, nothing else can be left of the video before. */
  @Test
  void aFlushedMemoryIsAFreshOneThatWasGivenWhatStays() {
    try (var scope = Scope.open();
        var flushed = filled(SLOW_FAST, Recall.RECOMPUTED);
        var fresh = rollout(SLOW_FAST, Recall.RECOMPUTED)) {
      flushed.onSwitch(PromptSwitch.FLUSH);
      fresh.remember(video().narrow(2, 0, 3), newPrompt());
      fresh.remember(video().narrow(2, 16, 2), newPrompt());
      assertThat(next(flushed, newPrompt())).isBitwiseEqualTo(next(fresh, newPrompt()));
    }
  }

  @Test
  void absolutePositionsAreFrameNumbersBeforeAndAfterAFlush() {
    try (var scope = Scope.open();
        var rollout = filled("longlive", Recall.CACHED)) {
      rollout.onSwitch(PromptSwitch.FLUSH);
      assertThat(rollout.plan(3).pastPositions()).containsExactly(0, 1, 2, 16, 17);
      assertThat(rollout.plan(3).chunkPositions()).containsExactly(18, 19, 20);
    }
  }

  /** Its window has room for just these frames, so the flush changes the prompt and no frame. */
  @Test
  void infinityRopesFlushIsWhatItsWindowHoldsAnyway() {
    try (var scope = Scope.open();
        var flushed = filled("infinity-rope", Recall.CACHED);
        var kept = filled("infinity-rope", Recall.CACHED)) {
      flushed.onSwitch(PromptSwitch.FLUSH);
      assertThat(flushed.plan(3)).isEqualTo(kept.plan(3));
      assertThat(next(flushed, newPrompt())).isBitwiseEqualTo(next(kept, newPrompt()));
    }
  }

  @Test
  void whereKeysAreRecomputedAnywayKeepingMeansRecomputing() {
    try (var scope = Scope.open();
        var kept = filled("longlive", Recall.RECOMPUTED);
        var recomputed = filled("longlive", Recall.RECOMPUTED)) {
      kept.onSwitch(PromptSwitch.KEEP);
      recomputed.onSwitch(PromptSwitch.RECOMPUTE);
      assertThat(next(kept, newPrompt())).isBitwiseEqualTo(next(recomputed, newPrompt()));
    }
  }

  /** Keys are the same then, so only what they are compared with can differ. */
  @Test
  void keyframesAreChosenByMeanKeysOfTheNewPromptAfterRecomputingOnly() {
    try (var scope = Scope.open()) {
      int different = 0;
      for (int percent = -100; percent <= 100; percent++) {
        var memory = "slow-fast:sink=3,slow=3,fast=6,interval=1,threshold=" + percent / 100.0;
        try (var kept = filled(memory, Recall.RECOMPUTED);
            var recomputed = filled(memory, Recall.RECOMPUTED)) {
          recomputed.onSwitch(PromptSwitch.RECOMPUTE);
          for (var rollout : List.of(kept, recomputed)) {
            rollout.remember(noise(), newPrompt());
          }
          assertThat(recomputed.held().frames()).isEqualTo(kept.held().frames());
          different += recomputed.held().equals(kept.held()) ? 0 : 1;
        }
      }
      assertThat(different).isBetween(1, 150);
    }
  }

  @ParameterizedTest
  @EnumSource(PromptSwitch.class)
  void aSwitchBeforeTheFirstChunkChangesNothing(PromptSwitch how) {
    try (var scope = Scope.open();
        var switched = rollout(SLOW_FAST, Recall.CACHED);
        var fresh = rollout(SLOW_FAST, Recall.CACHED)) {
      switched.onSwitch(how);
      assertThat(next(switched, newPrompt())).isBitwiseEqualTo(next(fresh, newPrompt()));
    }
  }

  /** One Euler step from noise, by one pass over memory and chunk in one sequence. */
  private static Tensor expected(Plan plan, Prompt prompt) {
    try (var scope = Scope.open()) {
      var context =
          Tensor.cat(
              plan.past().stream().map(slot -> video().narrow(2, slot.frame(), 1)).toList(), 2);
      int frames = plan.past().size();
      var times =
          Tensor.cat(
              List.of(
                  Tensor.zeros(Dtype.FLOAT32, Device.CPU, 1, frames),
                  Tensor.full(1000, Dtype.FLOAT32, Device.CPU, 1, 3)),
              1);
      var flow =
          tiny.model()
              .forward(
                  Tensor.cat(List.of(context, noise()), 2),
                  times,
                  IntStream.concat(
                          IntStream.of(plan.pastPositions()), IntStream.of(plan.chunkPositions()))
                      .toArray(),
                  prompt,
                  i -> AttentionSpan.contextThenChunk((long) frames * PATCHES),
                  3);
      return scope.keep(noise().minus(flow));
    }
  }

  private static Tensor next(Rollout rollout, Prompt prompt) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, Device.CPU)) {
      return scope.keep(rollout.next(prompt, prompt, 1, new EulerSampler(1, 0), noise(), rng));
    }
  }

  private static Tensor peek(Rollout rollout, Prompt prompt) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, Device.CPU)) {
      return scope.keep(rollout.peek(prompt, prompt, 1, new EulerSampler(1, 0), noise(), rng));
    }
  }

  /** A rollout that was given the video, 18 frames, under the old prompt. */
  private static Rollout filled(String memory, Recall recall) {
    var rollout = rollout(memory, recall);
    try (var scope = Scope.open()) {
      var prompt = tiny.prompt();
      for (int chunk = 0; chunk < 6; chunk++) {
        rollout.remember(video().narrow(2, 3L * chunk, 3), prompt);
      }
    }
    return rollout;
  }

  private static Rollout rollout(String spec, Recall recall) {
    Memory memory = MemoryPolicies.parse(spec);
    return new Rollout(tiny.model(), memory, recall, 4, 4, Dtype.FLOAT32, Device.CPU);
  }

  private static Prompt newPrompt() {
    try (var scope = Scope.open()) {
      return tiny.model().read(tiny.states().times(-0.5)).keptBy(scope);
    }
  }

  private static Tensor video() {
    return drawn(3, 18);
  }

  private static Tensor noise() {
    return drawn(4, 3);
  }

  private static Tensor drawn(long seed, int frames) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(seed, Device.CPU)) {
      return scope.keep(rng.normal(Dtype.FLOAT32, 1, TinyWan.CHANNELS, frames, 4, 4));
    }
  }
}
