package dev.longtake.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The moves of the released code, over frame numbers. */
class ReleasedSlotsTest {
  private static final ReleasedSlowFast MEMORY = MemoryPolicies.CONTEXT_FORCING_RELEASED;

  /** The worked example: blocks 2, 3, 5, 6, 8, 9 and 10 fire. */
  @Test
  void keyframesTakeSlowSlotsOneByOneAndTheRestStaysAsItWas() {
    var fire = Set.of(2, 3, 5, 6, 8, 9, 10);
    assertThat(table(14, fire::contains))
        .isEqualTo(
            """
            0 1 2
            0 1 2 | 3 4 5
            0 1 2 | 6 4 5 6 7 8
            0 1 2 | 6 9 5 6 7 8 9 10 11
            0 1 2 | 6 9 5 6 7 8 9 10 11 12 13 14
            0 1 2 | 6 9 15 6 7 8 9 10 11 12 13 14 | 15 16 17
            0 1 2 | 6 9 15 18 7 8 9 10 11 12 13 14 | 15 16 17 18 19 20
            0 1 2 | 6 9 15 18 7 8 9 10 11 12 13 14 | 18 19 20 21 22 23
            0 1 2 | 6 9 15 18 24 8 9 10 11 12 13 14 | 21 22 23 24 25 26
            0 1 2 | 6 9 15 18 24 27 9 10 11 12 13 14 | 24 25 26 27 28 29
            0 1 2 | 6 9 15 18 24 27 30 10 11 12 13 14 | 27 28 29 30 31 32
            0 1 2 | 6 9 15 18 24 27 30 10 11 12 13 14 | 30 31 32 33 34 35
            0 1 2 | 6 9 15 18 24 27 30 10 11 12 13 14 | 33 34 35 36 37 38
            0 1 2 | 6 9 15 18 24 27 30 10 11 12 13 14 | 36 37 38 39 40 41\
            """);
  }

  @Test
  void onceAllSlowSlotsAreKeyframesTheOldestGoes() {
    var rows = table(16, block -> true).lines().toList();
    assertThat(rows.get(12)).contains("| 6 9 12 15 18 21 24 27 30 33 36 14 |");
    assertThat(rows.get(13)).contains("| 6 9 12 15 18 21 24 27 30 33 36 39 |");
    assertThat(rows.get(14)).contains("| 9 12 15 18 21 24 27 30 33 36 39 42 |");
    assertThat(rows.get(15)).contains("| 12 15 18 21 24 27 30 33 36 39 42 45 |");
  }

  /** Every sixth frame: the interval at which the paper's numbers come out. */
  @Test
  void everySecondBlockReachesBackEighteenSeconds() {
    var rows = table(26, block -> block % 2 == 0).lines().toList();
    assertThat(rows.get(24)).contains("| 6 12 18 24 30 36 42 48 54 60 66 72 |");
    assertThat(rows.get(25)).contains("| 6 12 18 24 30 36 42 48 54 60 66 72 |");
  }

  @Test
  void thePassThatFiresFirstIsSavedAndLaterPassesReplaceTheChunkOnly() {
    var slots = ReleasedSlots.<String>empty(MEMORY);
    for (int block = 0; block < 2; block++) {
      slots = slots.pass(3 * block, seen(3 * block, "clean"), false);
    }
    slots = slots.pass(6, seen(6, "noise"), false);
    slots = slots.pass(6, seen(6, "half"), true);
    slots = slots.pass(6, seen(6, "clean"), true);

    assertThat(slots.slots().subList(3, 9))
        .containsExactly("6 half", "4 clean", "5 clean", "6 clean", "7 clean", "8 clean");
    assertThat(slots.keyframes()).isEqualTo(1);
    assertThat(slots.frames()).isEqualTo(9);
  }

  @Test
  void theFirstTwoBlocksNeverFireAndWithoutAnythingToCompareEveryBlockWould() {
    assertThat(MEMORY.surprises(3, OptionalDouble.of(-1))).isFalse();
    assertThat(MEMORY.surprises(6, OptionalDouble.of(0.94))).isTrue();
    assertThat(MEMORY.surprises(6, OptionalDouble.of(0.95))).isFalse();
    assertThat(MEMORY.surprises(6, OptionalDouble.empty())).isTrue();
  }

  @Test
  void everySlotStandsAtItsOwnNumberAndTheChunkAtTheEnd() {
    var slots = ReleasedSlots.<Integer>empty(MEMORY);
    for (int block = 0; block < 12; block++) {
      int[] chunk = MEMORY.chunkPositions(3 * block, 3);
      slots = slots.pass(3 * block, frames(3 * block, 3), block >= 2);
      int filled = Math.min(3 * block + 3, 21);
      assertThat(slots.positions()).isEqualTo(IntStream.range(0, filled).toArray());
      assertThat(chunk).containsExactly(filled - 3, filled - 2, filled - 1);
    }
  }

  @Test
  void aFlushKeepsTheSinkAndTheLatestAndMovesThemToTheRight() {
    var slots = filled(12, block -> true).flushed(2);
    assertThat(slots.slots()).containsExactly(0, 1, 2, 34, 35);

    slots = slots.pass(36, frames(36, 3), false);
    assertThat(slots.slots()).containsExactly(0, 1, 2, 34, 35, 36, 37, 38);
    assertThat(slots.positions()).containsExactly(0, 1, 2, 16, 17, 18, 19, 20);

    for (int block = 13; block < 19; block++) {
      slots = slots.pass(3 * block, frames(3 * block, 3), true);
    }
    assertThat(row(slots))
        .isEqualTo("0 1 2 | 39 42 45 48 51 54 40 41 42 43 44 45 | 51 52 53 54 55 56");
  }

  @Test
  void aFlushAtTheVeryBeginningKeepsWhatThereIs() {
    assertThat(ReleasedSlots.<Integer>empty(MEMORY).flushed(2).slots()).isEmpty();
    assertThat(filled(1, block -> false).flushed(2).slots()).containsExactly(0, 1, 2);
    var emptied = filled(4, block -> true).flushed(0).pass(12, frames(12, 3), true);
    assertThat(emptied.slots()).containsExactly(0, 1, 2, 12, 12, 13, 14);
  }

  @Test
  void sizesThatTheMovesCannotServeAreRefusedWithTheRemedy() {
    assertThatThrownBy(() -> new ReleasedSlowFast(6, 12, 6, 0.95))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("sink 6, slow 12, fast 6: need sink >= 0, slow >= 1 and fast > sink");
    assertThatThrownBy(() -> new ReleasedSlowFast(3, 12, 6, 95))
        .hasMessageContaining("threshold 95.0 is outside -1 (never) to 2 (always)");
    assertThatThrownBy(() -> MEMORY.requireRoom(7))
        .hasMessageContaining("cannot hold a chunk of 7; make fast at least 7");
  }

  private static String table(int blocks, IntPredicate fires) {
    return IntStream.rangeClosed(1, blocks)
        .mapToObj(count -> row(filled(count, fires)))
        .collect(Collectors.joining("\n"));
  }

  private static ReleasedSlots<Integer> filled(int blocks, IntPredicate fires) {
    var slots = ReleasedSlots.<Integer>empty(MEMORY);
    for (int block = 0; block < blocks; block++) {
      boolean surprise = fires.test(block) && MEMORY.surprises(3 * block, OptionalDouble.of(0));
      slots = slots.pass(3 * block, frames(3 * block, 3), surprise);
    }
    return slots;
  }

  /** Sink, slow and fast memory. */
  private static String row(ReleasedSlots<Integer> slots) {
    var regions = new ArrayList<String>();
    int[] borders = {0, 3, 15, 21};
    for (int i = 0; i < 3; i++) {
      int end = Math.min(borders[i + 1], slots.slots().size());
      if (borders[i] < end) {
        regions.add(
            slots.slots().subList(borders[i], end).stream()
                .map(String::valueOf)
                .collect(Collectors.joining(" ")));
      }
    }
    return String.join(" | ", regions);
  }

  private static List<Integer> frames(int first, int count) {
    return IntStream.range(first, first + count).boxed().toList();
  }

  private static List<String> seen(int first, String pass) {
    return frames(first, 3).stream().map(frame -> frame + " " + pass).toList();
  }
}
