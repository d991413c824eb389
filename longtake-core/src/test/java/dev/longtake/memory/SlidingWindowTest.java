package dev.longtake.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;

class SlidingWindowTest extends MemoryPolicyContract {

  @Override
  Subject draw(Random random) {
    int frames = 1 + random.nextInt(24);
    return new Subject(
        new SlidingWindow(frames), 0, frames, Math.min(frames, 6), Positions.ABSOLUTE);
  }

  @Test
  void theOldestFramesMakeRoomForTheChunk() {
    var steps = Steps.run(new SlidingWindow(7), 4, Views.scenes(frame -> 0));
    assertThat(Steps.table(steps))
        .isEqualTo(
            """
            - | - | - | 0 1 2
            - | - | 0 1 2 | 3 4 5
            - | - | 2 3 4 5 | 6 7 8
            - | - | 5 6 7 8 | 9 10 11\
            """);
    assertThat(steps.getLast().plan().pastPositions()).containsExactly(5, 6, 7, 8);
  }

  @Test
  void selfForcingAttendsTwentyOneFramesAtTheirNumbers() {
    var steps = Steps.run(MemoryPolicies.SELF_FORCING, 9, Views.scenes(frame -> 0));
    assertThat(steps.get(6).row())
        .endsWith("| 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 | 18 19 20");
    var last = steps.getLast();
    assertThat(last.row())
        .isEqualTo("- | - | 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 | 24 25 26");
    assertThat(last.plan().pastPositions()).startsWith(6, 7).endsWith(22, 23).hasSize(18);
    assertThat(last.plan().chunkPositions()).containsExactly(24, 25, 26);
  }

  @Test
  void aChunkMayFillTheWindow() {
    var steps = Steps.run(new SlidingWindow(3), 3, Views.scenes(frame -> 0));
    assertThat(steps.getLast().plan().past()).isEmpty();
  }

  @Test
  void aChunkThatDoesNotFitIsRefusedWithTheRemedy() {
    assertThatThrownBy(() -> new SlidingWindow(2).plan(Held.empty(), 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "a window of 2 frames cannot hold a sink of 0 and a chunk of 3; make it at least 3"
                + " frames, or sink or chunk smaller");
  }
}
