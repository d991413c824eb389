package dev.longtake.rollout;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.diffusion.FewStepSampler;
import dev.longtake.diffusion.Sampler;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.NativeMemory;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.wan.TinyWan;
import java.util.ArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Generation with a memory that every pass writes to. */
@ExtendWith(LeakGuard.class)
class ReleasedRolloutTest {
  private static final Sampler TWO_STEPS = new FewStepSampler(1000, 500);

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
  void aPeekIsTheNextChunkAndLeavesNoTraceInAnyLayer() {
    try (var scope = Scope.open();
        var peeking = rollout("context-forcing-released:slow=6");
        var straight = rollout("context-forcing-released:slow=6")) {
      for (int chunk = 0; chunk < 9; chunk++) {
        var peeked = peek(peeking, chunk);
        peek(peeking, chunk + 50);
        assertThat(next(peeking, chunk)).isBitwiseEqualTo(peeked);
        assertThat(next(straight, chunk)).isBitwiseEqualTo(peeked);
      }
      assertThat(peeking.frames()).isEqualTo(27);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = PromptSwitch.class,
      names = {"KEEP", "FLUSH"})
  void memoryUseDoesNotGrowWithTheVideo(PromptSwitch how) {
    try (var scope = Scope.open();
        var rollout = rollout("context-forcing-released:slow=6,threshold=2")) {
      var handles = new ArrayList<Long>();
      for (int chunk = 0; chunk < 20; chunk++) {
        try (var inner = Scope.open()) {
          next(rollout, chunk);
        }
        handles.add(NativeMemory.liveHandles());
      }
      assertThat(handles.subList(10, 20)).containsOnly(handles.get(10));
      rollout.onSwitch(how);
      for (int chunk = 0; chunk < 10; chunk++) {
        next(rollout, chunk);
      }
    }
  }

  @Test
  void whatNoisyPassesLeaveBehindIsSeenLater() {
    try (var scope = Scope.open();
        var noisy = rollout("context-forcing-released:threshold=2");
        var given = rollout("context-forcing-released:threshold=2");
        var never = rollout("context-forcing-released:threshold=-1");
        var neverGiven = rollout("context-forcing-released:threshold=-1")) {
      for (int chunk = 0; chunk < 4; chunk++) {
        given.remember(next(noisy, chunk), tiny.prompt());
        neverGiven.remember(next(never, chunk), tiny.prompt());
      }
      // The same clean chunks, but the keyframe of one was saved from its first, noisy pass.
      assertThat(next(given, 9).toFloats()).isNotEqualTo(next(noisy, 9).toFloats());
      assertThat(next(neverGiven, 9)).isBitwiseEqualTo(next(never, 9));
    }
  }

  @Test
  void withoutKeyframesItIsSlidingMemoryWithALongBeginning() {
    try (var scope = Scope.open();
        var released = rollout("context-forcing-released:slow=3,threshold=-1");
        var window = rollout("sink-window:sink=6,frames=12,positions=by-slot")) {
      for (int chunk = 0; chunk < 8; chunk++) {
        assertThat(next(released, chunk)).isCloseTo(next(window, chunk), 1e-5);
      }
    }
  }

  @Test
  void whatItCannotDoIsRefusedWithTheRemedy() {
    try (var scope = Scope.open();
        var rollout = rollout("context-forcing-released");
        var rng = Rng.seeded(1, Device.CPU)) {
      var prompt = tiny.prompt();
      assertThatThrownBy(() -> rollout.next(prompt, prompt, 3, TWO_STEPS, noise(0), rng))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("guidance is 3.0; give 1");
      assertThatThrownBy(() -> rollout.onSwitch(PromptSwitch.RECOMPUTE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("give keep or flush");
      assertThatThrownBy(rollout::held)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("other frames in every layer");
    }
  }

  private static Tensor next(Rollout rollout, int seed) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(seed, Device.CPU)) {
      var prompt = tiny.prompt();
      return scope.keep(rollout.next(prompt, prompt, 1, TWO_STEPS, noise(seed), rng));
    }
  }

  private static Tensor peek(Rollout rollout, int seed) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(seed, Device.CPU)) {
      var prompt = tiny.prompt();
      return scope.keep(rollout.peek(prompt, prompt, 1, TWO_STEPS, noise(seed), rng));
    }
  }

  private static Rollout rollout(String memory) {
    var parsed = MemoryPolicies.parse(memory);
    return new Rollout(tiny.model(), parsed, Recall.CACHED, 4, 4, Dtype.FLOAT32, Device.CPU);
  }

  private static Tensor noise(long seed) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(100 + seed, Device.CPU)) {
      return scope.keep(rng.normal(Dtype.FLOAT32, 1, TinyWan.CHANNELS, 3, 4, 4));
    }
  }
}
