package dev.longtake.rollout;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.diffusion.FewStepSampler;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.rollout.ModelConfig.SamplerKind;
import dev.longtake.rollout.ModelConfig.Sampling;
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

/** Generation of several chunks at once. */
@ExtendWith(LeakGuard.class)
class RollingRolloutTest {
  private static final FewStepSampler THREE = new FewStepSampler(1000, 700, 300);

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
  void memoryUseDoesNotGrowWithTheVideo() {
    try (var scope = Scope.open();
        var rollout = rollout()) {
      var handles = new ArrayList<Long>();
      for (int chunk = 0; chunk < 20; chunk++) {
        try (var inner = Scope.open()) {
          roll(rollout, Integer.MAX_VALUE);
        }
        handles.add(NativeMemory.liveHandles());
      }
      assertThat(handles.subList(10, 20)).containsOnly(handles.get(10));
      assertThat(rollout.frames()).isEqualTo(60);
    }
  }

  @Test
  void onlyTheLastChunksDependOnWhereTheVideoEnds() {
    try (var scope = Scope.open();
        var endless = rollout();
        var ending = rollout()) {
      for (int chunk = 0; chunk < 8; chunk++) {
        var made = roll(endless, Integer.MAX_VALUE);
        var other = roll(ending, 7 - chunk);
        // Chunk 5 is the last whose window was full in every pass.
        if (chunk <= 5) {
          assertThat(other).isBitwiseEqualTo(made);
        } else {
          assertThat(other.toFloats()).isNotEqualTo(made.toFloats());
        }
      }
    }
  }

  @Test
  void aVideoOfFewerChunksThanLevelsIsMade() {
    try (var scope = Scope.open();
        var rollout = rollout()) {
      assertThat(roll(rollout, 1).shape()).containsExactly(1, TinyWan.CHANNELS, 3, 4, 4);
      assertThat(roll(rollout, 0).shape()).containsExactly(1, TinyWan.CHANNELS, 3, 4, 4);
    }
  }

  @Test
  void aGivenBeginningIsSeen() {
    try (var scope = Scope.open();
        var fresh = rollout();
        var continued = rollout();
        var again = rollout()) {
      var given = roll(fresh, 3);
      continued.remember(given, tiny.prompt());
      again.remember(given, tiny.prompt());

      var made = roll(continued, 3);

      assertThat(made.toFloats()).isNotEqualTo(given.toFloats());
      assertThat(roll(again, 3)).isBitwiseEqualTo(made);
      assertThat(continued.frames()).isEqualTo(6);
    }
  }

  @Test
  void aFlushDropsWhatIsNeitherSinkNorLatest() {
    try (var scope = Scope.open();
        var kept = rollout();
        var flushed = rollout()) {
      for (int chunk = 0; chunk < 6; chunk++) {
        roll(kept, Integer.MAX_VALUE);
        roll(flushed, Integer.MAX_VALUE);
      }
      kept.onSwitch(PromptSwitch.KEEP);
      flushed.onSwitch(PromptSwitch.FLUSH);

      assertThat(roll(flushed, Integer.MAX_VALUE).toFloats())
          .isNotEqualTo(roll(kept, Integer.MAX_VALUE).toFloats());
      assertThat(flushed.frames()).isEqualTo(21);
    }
  }

  @Test
  void whatItCannotDoIsRefusedWithTheRemedy() {
    try (var scope = Scope.open();
        var rollout = rollout();
        var other = rollout("self-forcing");
        var rng = Rng.seeded(1, Device.CPU)) {
      var prompt = tiny.prompt();
      var noise = rng.normal(Dtype.FLOAT32, 1, TinyWan.CHANNELS, 3, 4, 4);
      assertThatThrownBy(() -> rollout.next(prompt, prompt, 1, THREE, noise, rng))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("give another memory, such as sliding-window");
      assertThatThrownBy(() -> roll(other, 3))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("under rolling-forcing alone");
      assertThatThrownBy(() -> rollout.onSwitch(PromptSwitch.RECOMPUTE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("give keep or flush");
      assertThatThrownBy(rollout::held)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("made together");
    }
  }

  @Test
  void samplingThatDoesNotFitIsRefused() {
    var rolling = MemoryPolicies.ROLLING_FORCING;
    new Sampling(SamplerKind.FEW_STEP, 6, 5, 1).requireFor(rolling);
    assertThatThrownBy(() -> new Sampling(SamplerKind.FEW_STEP, 7, 5, 1).requireFor(rolling))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a window of 21 has no room")
        .hasMessageContaining("fewer steps");
    assertThatThrownBy(() -> new Sampling(SamplerKind.FEW_STEP, 5, 5, 3).requireFor(rolling))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("it is 3.0; give 1");
    assertThatThrownBy(() -> new Sampling(SamplerKind.EULER, 5, 5, 1).requireFor(rolling))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("sampled in small steps");
  }

  private static Tensor roll(Rollout rollout, int following) {
    try (var scope = Scope.open()) {
      return scope.keep(
          rollout.roll(
              tiny.prompt(),
              THREE,
              3,
              following,
              number -> ChunkNoise.of(Rng.seeded(100 + number, Device.CPU))));
    }
  }

  private static Rollout rollout() {
    return rollout("rolling-forcing:sink=3,frames=18");
  }

  private static Rollout rollout(String memory) {
    var parsed = MemoryPolicies.parse(memory);
    return new Rollout(tiny.model(), parsed, Recall.CACHED, 4, 4, Dtype.FLOAT32, Device.CPU);
  }
}
