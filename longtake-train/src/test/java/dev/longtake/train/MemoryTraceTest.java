package dev.longtake.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.memory.FullMemory;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.memory.Plan;
import dev.longtake.memory.SlidingWindow;
import dev.longtake.memory.Slot;
import java.util.List;
import org.junit.jupiter.api.Test;

class MemoryTraceTest {

  @Test
  void aWindowHoldsTheLastFramesBeforeEachChunk() {
    var trace = MemoryTrace.of(new SlidingWindow(6), (a, b) -> 0, 4, 3);
    assertThat(trace.plans().stream().map(MemoryTraceTest::frames))
        .containsExactly(List.of(), List.of(0, 1, 2), List.of(3, 4, 5), List.of(6, 7, 8));
  }

  @Test
  void fullMemoryHoldsEverythingBeforeEachChunk() {
    var trace = MemoryTrace.of(new FullMemory(), (a, b) -> 0, 3, 2);
    assertThat(frames(trace.plans().get(2))).containsExactly(0, 1, 2, 3);
    assertThat(trace.plans().get(2).chunkPositions()).containsExactly(4, 5);
  }

  @Test
  void whatIsHeldDependsOnHowAlikeFramesAre() {
    var policy = MemoryPolicies.CONTEXT_FORCING_REDUNDANT;
    var turning = MemoryTrace.of(policy, (a, b) -> Math.cos(0.1 * (a.first() - b.first())), 40, 3);
    var still = MemoryTrace.of(policy, (a, b) -> 1, 40, 3);
    assertThat(frames(turning.plans().getLast())).isNotEqualTo(frames(still.plans().getLast()));
    assertThat(turning.plans().getLast().pastPositions())
        .isEqualTo(still.plans().getLast().pastPositions());
  }

  @Test
  void noPlanLooksAheadAndEachIsMadeForItsChunk() {
    var trace =
        MemoryTrace.of(
            MemoryPolicies.CONTEXT_FORCING, (a, b) -> Math.sin(a.first() * 12.9898), 60, 3);
    assertThat(trace.plans()).hasSize(60);
    for (int chunk = 0; chunk < 60; chunk++) {
      var plan = trace.plans().get(chunk);
      int first = 3 * chunk;
      assertThat(frames(plan)).as("chunk " + chunk).allMatch(frame -> frame < first);
      assertThat(plan.chunkFrames()).isEqualTo(3);
      assertThat(plan.attended()).isEqualTo(Math.min(first + 3, 21));
    }
  }

  private static List<Integer> frames(Plan plan) {
    return plan.past().stream().map(Slot::frame).toList();
  }
}
