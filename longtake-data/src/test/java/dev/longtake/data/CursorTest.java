package dev.longtake.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.testkit.Seeds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CursorTest {

  @Test
  void devicesSideBySideTakeEveryEntryOnceARound() {
    Seeds.times(
        20,
        random -> {
          int each = 1 + random.nextInt(4);
          int devices = 1 + random.nextInt(3);
          int steps = 1 + random.nextInt(5);
          int size = each * devices * steps;
          var cursor = new Cursor(random.nextLong(), size, each, devices);
          for (int round = 0; round < 2; round++) {
            var taken = new ArrayList<Integer>();
            for (int step = round * steps; step < (round + 1) * steps; step++) {
              for (int rank = 0; rank < devices; rank++) {
                Arrays.stream(cursor.at(step, rank)).forEach(taken::add);
              }
            }
            assertThat(taken)
                .containsExactlyInAnyOrderElementsOf(IntStream.range(0, size).boxed().toList());
          }
        });
  }

  @Test
  void whereAStepStandsDependsOnItsNumbersOnly() {
    var forwards = new Cursor(7, 10, 3, 2);
    var first = List.of(forwards.at(5, 1), forwards.at(1000, 0));
    var other = new Cursor(7, 10, 3, 2);
    assertThat(List.of(other.at(5, 1), other.at(1000, 0)))
        .usingRecursiveComparison()
        .isEqualTo(first);
    assertThat(new Cursor(8, 1000, 3, 2).at(5, 1)).isNotEqualTo(new Cursor(7, 1000, 3, 2).at(5, 1));
  }

  @Test
  void aListShorterThanABatchIsGoneThroughSeveralTimes() {
    assertThat(new Cursor(1, 2, 5, 1).at(0, 0)).containsOnly(0, 1).hasSize(5);
  }

  @Test
  void anEmptyListIsRefused() {
    assertThatThrownBy(() -> new Cursor(1, 0, 1, 1)).hasMessageContaining("not 0, 1 and 1");
  }
}
