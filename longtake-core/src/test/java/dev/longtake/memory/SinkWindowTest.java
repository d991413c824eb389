package dev.longtake.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;

class SinkWindowTest extends MemoryPolicyContract {

  @Override
  Subject draw(Random random) {
    int sink = random.nextInt(5);
    int latest = 1 + random.nextInt(12);
    var positions = Positions.values()[random.nextInt(Positions.values().length)];
    return new Subject(
        new SinkWindow(sink, sink + latest, positions),
        sink,
        latest,
        Math.min(latest, 6),
        positions);
  }

  /** The case that the reference outputs {@code kv.rolling} were computed with. */
  @Test
  void aCacheOfNineKeepsThreeAndRollsTheRest() {
    var steps = Steps.run(new SinkWindow(3, 9, Positions.ABSOLUTE), 5, Views.scenes(frame -> 0));
    assertThat(Steps.table(steps))
        .isEqualTo(
            """
            - | - | - | 0 1 2
            0 1 2 | - | - | 3 4 5
            0 1 2 | - | 3 4 5 | 6 7 8
            0 1 2 | - | 6 7 8 | 9 10 11
            0 1 2 | - | 9 10 11 | 12 13 14\
            """);
    assertThat(steps.getLast().plan().pastPositions()).containsExactly(0, 1, 2, 9, 10, 11);
    assertThat(steps.getLast().plan().chunkPositions()).containsExactly(12, 13, 14);
  }

  @Test
  void infinityRopeQueriesAtPositionsThreeToFiveForEver() {
    var steps = Steps.run(MemoryPolicies.INFINITY_ROPE, 5, Views.scenes(frame -> 0));
    assertThat(Steps.table(steps))
        .isEqualTo(
            """
            - | - | - | 0 1 2
            0 | - | 1 2 | 3 4 5
            0 | - | 4 5 | 6 7 8
            0 | - | 7 8 | 9 10 11
            0 | - | 10 11 | 12 13 14\
            """);
    for (var step : steps.subList(1, 5)) {
      assertThat(step.plan().pastPositions()).containsExactly(0, 1, 2);
      assertThat(step.plan().chunkPositions()).containsExactly(3, 4, 5);
    }
  }

  @Test
  void longLiveAttendsThreeAndNine() {
    var last = Steps.run(MemoryPolicies.LONGLIVE, 10, Views.scenes(frame -> 0)).getLast();
    assertThat(last.row()).isEqualTo("0 1 2 | - | 21 22 23 24 25 26 | 27 28 29");
    assertThat(last.plan().pastPositions()).containsExactly(0, 1, 2, 21, 22, 23, 24, 25, 26);
    assertThat(last.plan().chunkPositions()).containsExactly(27, 28, 29);
  }

  /** The variant that LongLive calls infinite. */
  @Test
  void longLiveBySlotQueriesAtPositionsNineToEleven() {
    var policy = MemoryPolicies.policy("longlive:positions=by-slot");
    var last = Steps.run(policy, 10, Views.scenes(frame -> 0)).getLast();
    assertThat(last.row()).isEqualTo("0 1 2 | - | 21 22 23 24 25 26 | 27 28 29");
    assertThat(last.plan().pastPositions()).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8);
    assertThat(last.plan().chunkPositions()).containsExactly(9, 10, 11);
  }

  /** Self Gradient Forcing, whose clips are of 21 frames. */
  @Test
  void topAlignedFramesStandAtTheirNumbersUntilTheTrainedRangeEnds() {
    var policy = MemoryPolicies.policy("longlive:positions=top-aligned");
    var steps = Steps.run(policy, 10, Views.scenes(frame -> 0));

    var within = steps.get(6).plan();
    assertThat(within.pastPositions()).containsExactly(0, 1, 2, 12, 13, 14, 15, 16, 17);
    assertThat(within.chunkPositions()).containsExactly(18, 19, 20);
    for (var step : steps.subList(7, 10)) {
      assertThat(step.plan().pastPositions()).isEqualTo(within.pastPositions());
      assertThat(step.plan().chunkPositions()).isEqualTo(within.chunkPositions());
    }
    assertThat(steps.get(4).plan().pastPositions()).containsExactly(0, 1, 2, 6, 7, 8, 9, 10, 11);
    assertThat(steps.get(4).plan().chunkPositions()).containsExactly(12, 13, 14);
    assertThatThrownBy(() -> new SinkWindow(3, 22, Positions.TOP_ALIGNED))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cannot hold 22; make frames smaller");
  }

  @Test
  void aFlushKeepsTheSinkAndTheLastTwo() {
    var held = Steps.run(MemoryPolicies.INFINITY_ROPE, 5, Views.scenes(frame -> 0)).getLast();
    var plan = MemoryPolicies.INFINITY_ROPE.plan(held.after().flushed(2), 3);
    assertThat(plan.past().stream().map(Slot::frame)).containsExactly(0, 13, 14);
  }

  @Test
  void aSinkThatFillsTheWindowIsRefusedWithTheRemedy() {
    assertThatThrownBy(() -> new SinkWindow(6, 6, Positions.BY_SLOT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "a window of 6 frames has no room beside a sink of 6; give it at least 7 frames and a"
                + " sink from 0");
    assertThatThrownBy(() -> new SinkWindow(3, 5, Positions.BY_SLOT).plan(Held.empty(), 3))
        .hasMessageContaining("sink of 3 and a chunk of 3; make it at least 6");
  }
}
