package dev.longtake.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MemoryStateTest {
  private static final Slot FIRST = new Slot(0, Region.SINK);
  private static final Slot LATEST = new Slot(4, Region.FAST);

  @Test
  void aPlanSharesNoArrayWithItsCaller() {
    int[] past = {0, 1};
    int[] chunk = {2, 3};
    var slots = new ArrayList<>(List.of(FIRST, LATEST));
    var plan = new Plan(slots, past, chunk);
    past[0] = chunk[0] = 9;
    slots.clear();
    plan.pastPositions()[1] = 9;
    plan.chunkPositions()[1] = 9;
    assertThat(plan).isEqualTo(new Plan(List.of(FIRST, LATEST), ints(0, 1), ints(2, 3)));
    assertThat(plan.attended()).isEqualTo(4);
  }

  @Test
  void plansAreEqualOnlyIfSlotsAndPositionsAre() {
    var plan = new Plan(List.of(FIRST), ints(0), ints(1));
    assertThat(plan)
        .isEqualTo(new Plan(List.of(FIRST), ints(0), ints(1)))
        .hasSameHashCodeAs(new Plan(List.of(FIRST), ints(0), ints(1)))
        .hasToString(
            "Plan[past=[Slot[frame=0, region=SINK, keyframe=false]], pastPositions=[0],"
                + " chunkPositions=[1]]")
        .isNotEqualTo(new Plan(List.of(LATEST), ints(0), ints(1)))
        .isNotEqualTo(new Plan(List.of(FIRST), ints(1), ints(2)))
        .isNotEqualTo(new Plan(List.of(FIRST), ints(0), ints(2)));
  }

  @Test
  void positionsThatDoNotIncreaseAreRefused() {
    assertThatThrownBy(() -> new Plan(List.of(FIRST), ints(3), ints(3)))
        .hasMessage("position 3 follows 3; positions start at 0 or later and strictly increase");
    assertThatThrownBy(() -> new Plan(List.of(FIRST), ints(), ints(3)))
        .hasMessageContaining("1 frames with 0 positions and a chunk of 1");
    assertThatThrownBy(() -> new Plan(List.of(), ints(), ints()))
        .hasMessageContaining("chunk of 0");
  }

  @Test
  void memoryOutOfOrderIsRefused() {
    assertThatThrownBy(() -> new Held(List.of(LATEST, FIRST), 6, 2, 3, List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("sorted by time and region");
    assertThatThrownBy(
            () -> new Held(List.of(LATEST, new Slot(5, Region.SLOW)), 6, 2, 3, List.of()))
        .hasMessageContaining("sorted by time and region");
    assertThatThrownBy(() -> new Held(List.of(FIRST, FIRST), 6, 2, 3, List.of()))
        .hasMessageContaining("sorted by time and region");
  }

  @Test
  void framesThatWereNotGeneratedCannotBeHeld() {
    assertThatThrownBy(() -> new Held(List.of(LATEST), 4, 2, 2, List.of()))
        .hasMessage("frame 4 is held, but only 4 frames were generated");
    assertThatThrownBy(() -> new Held(List.of(), 4, 2, 5, List.of()))
        .hasMessage("2 chunks, the latest of 5 frames, do not make 4 frames");
  }

  @Test
  void theSinkHasNoKeyframes() {
    assertThatThrownBy(() -> new Slot(2, Region.SINK, true))
        .hasMessageContaining("frame 2 is a keyframe in the sink");
    assertThatThrownBy(() -> new Slot(-1, Region.FAST)).hasMessageContaining("frame -1");
  }

  @Test
  void aRangeHasAtLeastOneFrame() {
    assertThat(new FrameRange(3, 6).count()).isEqualTo(3);
    assertThat(FrameRange.of(4)).isEqualTo(new FrameRange(4, 5)).hasToString("4");
    assertThatThrownBy(() -> new FrameRange(3, 3)).hasMessageContaining("3 up to 3");
  }

  private static int[] ints(int... values) {
    return values;
  }
}
