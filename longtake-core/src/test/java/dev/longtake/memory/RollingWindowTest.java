package dev.longtake.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Plans of Rolling Forcing, by frame numbers. */
class RollingWindowTest {
  private static final RollingWindow ROLLING = MemoryPolicies.ROLLING_FORCING;

  @Test
  void theSinkStandsRightBeforeWhatComesNext() {
    var plan = ROLLING.window(run(0, 30), 30, 15);

    assertThat(frames(plan)).containsExactly(0, 1, 2, 27, 28, 29);
    assertThat(plan.pastPositions()).containsExactly(24, 25, 26, 27, 28, 29);
    assertThat(plan.chunkPositions()).containsExactly(IntStream.range(30, 45).toArray());
    assertThat(plan.attended()).isEqualTo(ROLLING.capacity());
  }

  @Test
  void aShorterWindowLeavesRoomForMoreOfThePast() {
    var plan = ROLLING.window(run(0, 30), 30, 3);

    assertThat(frames(plan))
        .containsExactly(0, 1, 2, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29);
    assertThat(plan.pastPositions()[0]).isEqualTo(12);
  }

  @Test
  void atTheBeginningAllStandsAtItsFrameNumber() {
    assertThat(ROLLING.window(List.of(), 0, 15).past()).isEmpty();
    assertThat(ROLLING.window(run(0, 3), 3, 15).pastPositions()).containsExactly(0, 1, 2);
    assertThat(ROLLING.window(run(0, 6), 6, 15).pastPositions()).containsExactly(0, 1, 2, 3, 4, 5);
  }

  @Test
  void aCleanChunkIsPassedWithTheLatestFramesAtTheirNumbers() {
    var early = ROLLING.update(run(0, 18), 18, 3);
    assertThat(frames(early)).isEqualTo(run(0, 18));
    assertThat(early.pastPositions()).containsExactly(IntStream.range(0, 18).toArray());

    var late = ROLLING.update(run(0, 30), 30, 3);
    assertThat(frames(late)).isEqualTo(run(12, 30));
    assertThat(late.pastPositions()).containsExactly(IntStream.range(12, 30).toArray());
  }

  @Test
  void whatIsDroppedIsAttendedNeverAgain() {
    var held = new ArrayList<Integer>();
    var all = new ArrayList<Integer>();
    for (int first = 0; first < 60; first += 3) {
      int next = first;
      for (int length = 3; length <= 15; length += 3) {
        assertThat(ROLLING.window(held, next, length)).isEqualTo(ROLLING.window(all, next, length));
      }
      assertThat(ROLLING.update(held, next, 3)).isEqualTo(ROLLING.update(all, next, 3));
      held.addAll(run(first, first + 3));
      all.addAll(run(first, first + 3));
      held.removeIf(frame -> !ROLLING.keeps(frame, next + 3, 3));
    }
    assertThat(held).hasSize(21);
  }

  @Test
  void aWindowTooLongIsRefusedWithTheNumbers() {
    assertThatThrownBy(() -> ROLLING.window(run(0, 30), 30, 21))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("attends 21 frames in all, and a window of 21")
        .hasMessageContaining("make frames at least 24");
  }

  private static List<Integer> frames(Plan plan) {
    return plan.past().stream().map(Slot::frame).toList();
  }

  private static List<Integer> run(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }
}
