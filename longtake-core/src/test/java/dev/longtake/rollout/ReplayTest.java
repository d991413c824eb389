package dev.longtake.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.memory.MemoryPolicies;
import dev.longtake.tensor.Device;
import org.junit.jupiter.api.Test;

class ReplayTest {
  private static final Device GPU = Device.cuda(0); // named, not asked for

  @Test
  void byDefaultPassesAreReplayedWhereKernelsComputeUnderAMemoryThatPlans() {
    var plans = MemoryPolicies.CONTEXT_FORCING_REDUNDANT;
    for (var arithmetic : Arithmetic.values()) {
      var expected = arithmetic.fused() ? Replay.ON : Replay.OFF;
      assertThat(Replay.parse("auto", GPU, arithmetic, plans)).isEqualTo(expected);
      assertThat(Replay.parse("auto", Device.CPU, arithmetic, plans)).isEqualTo(Replay.OFF);
      assertThat(Replay.parse("on", GPU, arithmetic, plans)).isEqualTo(Replay.ON);
    }
    var released = MemoryPolicies.CONTEXT_FORCING_RELEASED;
    assertThat(Replay.parse("auto", GPU, Arithmetic.FUSED, released)).isEqualTo(Replay.OFF);
    assertThatThrownBy(() -> Replay.parse("on", GPU, Arithmetic.FUSED, released))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not on cuda:0 under context-forcing-released");
  }

  @Test
  void wordsAreReadBackAndOthersRefused() {
    var plans = MemoryPolicies.CONTEXT_FORCING_REDUNDANT;
    for (var replay : Replay.values()) {
      assertThat(Replay.parse(replay.word(), GPU, Arithmetic.PLAIN, plans)).isEqualTo(replay);
    }
    assertThatThrownBy(() -> Replay.check("maybe"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("unknown replay 'maybe'; give auto, on or off");
  }
}
