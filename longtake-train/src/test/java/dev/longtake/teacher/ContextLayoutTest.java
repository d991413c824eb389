package dev.longtake.teacher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.memory.MemoryPolicies;
import dev.longtake.teacher.ContextLayout.Spread;
import dev.longtake.train.MemoryTrace;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ContextLayoutTest {

  @ParameterizedTest
  @CsvSource({
    // target begins at, sink, sparse, motion
    "141, 0 1 2, 63 69 75 81 87 93 99 105 111 117 123 129, 135 136 137 138 139 140",
    "81, 0 1 2, 3 9 15 21 27 33 39 45 51 57 63 69, 75 76 77 78 79 80",
    "80, 0 1 2, 3 9 15 21 27 33 39 45 51 57 63 69, 74 75 76 77 78 79",
    "21, 0 1 2, 3 9, 15 16 17 18 19 20",
    "15, 0 1 2, 3, 9 10 11 12 13 14",
    "10, 0 1 2, 3, 4 5 6 7 8 9",
    "9, 0 1 2, '', 3 4 5 6 7 8"
  })
  void theReleasedGeometryIsSectionK2(int first, String sink, String sparse, String motion) {
    requireFrames(ContextLayout.RELEASED, first, sink, sparse, motion);
  }

  @ParameterizedTest
  @CsvSource({
    "141, 0 1 2, 61 67 73 79 85 91 98 104 110 116 122 128, 135 136 137 138 139 140",
    "33, 0 1 2, 3 5 7 9 11 13 15 17 19 21 23 25, 27 28 29 30 31 32",
    "15, 0 1 2, 3 4 5 6 7 8, 9 10 11 12 13 14"
  })
  void thePapersGeometrySpreadsAsManyFramesEvenly(
      int first, String sink, String sparse, String motion) {
    requireFrames(ContextLayout.PAPER, first, sink, sparse, motion);
  }

  @Test
  void theContiguousGeometryIsThe21FramesBeforeTheTarget() {
    var placement = ContextLayout.CONTIGUOUS.at(63);
    assertThat(placement.frames()).isEqualTo(IntStream.range(42, 84).boxed().toList());
    assertThat(placement.parts()).isEqualTo(new Parts(0, 0, 21, 21));
  }

  private static void requireFrames(
      ContextLayout layout, int first, String sink, String sparse, String motion) {
    var placement = layout.at(first);
    var expected = new ArrayList<Integer>();
    for (var part : List.of(sink, sparse, motion)) {
      expected.addAll(numbers(part));
    }
    assertThat(placement.context()).isEqualTo(expected);
    assertThat(placement.frames().subList(expected.size(), placement.frames().size()))
        .isEqualTo(IntStream.range(first, first + 21).boxed().toList());
    assertThat(placement.parts())
        .isEqualTo(new Parts(3, numbers(sparse).size(), numbers(motion).size(), 21));
  }

  private static List<Integer> numbers(String text) {
    return text.isBlank()
        ? List.of()
        : List.of(text.strip().split(" ")).stream().map(Integer::valueOf).toList();
  }

  @Test
  void theReleasedGeometryIsThatOfThePixelsToOnePicture() {
    // K.2 in pixel frames of a clip of T: the target begins at T - 84, its context is a picture of
    // every 24 from max(9, T - 109 - 288) on, while before T - 109.
    for (int first = 9; first < 300; first++) {
      int length = 1 + 4 * (first - 1) + 84;
      var pixels = new ArrayList<Integer>();
      int start = Math.max(9, length - 109 - 288);
      for (int at = start; at + 4 <= length - 109; at += 24) {
        pixels.add(at);
      }
      var placement = ContextLayout.RELEASED.at(first);
      var sparse = placement.frames().subList(3, 3 + placement.parts().sparse());
      assertThat(sparse.size())
          .as("target at " + first)
          .isBetween(pixels.size(), pixels.size() + 1);
      for (int i = 0; i < pixels.size(); i++) {
        int pixel = 1 + 4 * (sparse.get(i) - 1);
        assertThat(pixel - pixels.get(i)).as("target at " + first).isBetween(0, 1);
      }
      assertThat(sparse.size()).isLessThanOrEqualTo(12); // and never an empty thirteenth, N-15
    }
  }

  @Test
  void noFrameComesTwiceAndNoPlaceStaysEmptyHoweverShortThePast() {
    for (var layout : List.of(ContextLayout.RELEASED, ContextLayout.PAPER)) {
      for (int first = layout.least(); first < 200; first++) {
        var placement = layout.at(first); // its constructor refuses what does not increase
        int[] positions = placement.parts().positions();
        assertThat(positions).hasSize(placement.frames().size());
        for (int i = 0; i < positions.length; i++) {
          assertThat(positions[i]).isEqualTo(i);
          assertThat(placement.parts().hasLoss(i)).isEqualTo(placement.frames().get(i) >= first);
        }
        assertThat(placement.parts().hasLoss(positions.length)).isFalse();
      }
    }
  }

  @Test
  void whatCannotBeSeenAgainNeverIs() {
    for (var layout : List.of(ContextLayout.RELEASED, ContextLayout.PAPER)) {
      for (int first = layout.least(); first < 200; first += 3) {
        for (int later = first; later < 250; later += 7) {
          for (int frame : layout.at(later).context()) {
            assertThat(layout.mayStillSee(frame, first)).isTrue();
          }
        }
      }
      assertThat(layout.mayStillSee(3, 100)).isFalse();
    }
  }

  @Test
  void aMemorysSelectionIsAContextToo() {
    var trace = MemoryTrace.of(MemoryPolicies.CONTEXT_FORCING, (a, b) -> 0, 20, 3);
    var placement = Placement.remembered(trace.plans().get(8), 24, 21);
    assertThat(placement.context())
        .isEqualTo(trace.plans().get(8).past().stream().map(slot -> slot.frame()).toList());
    assertThat(placement.parts().sink()).isEqualTo(3);
    assertThat(placement.parts().context()).isEqualTo(trace.plans().get(8).past().size());
    assertThat(placement.frames()).endsWith(43, 44).hasSize(placement.parts().frames());
  }

  @Test
  void aBadGeometryIsRefusedInOneLine() {
    refused(
        () -> new ContextLayout(3, 12, Spread.STRIDED, 72, 6, 20),
        "target must be a multiple of the chunk of 3, not 20");
    refused(
        () -> new ContextLayout(3, 12, Spread.STRIDED, 70, 6, 21),
        "a multiple of the number of sparse frames, 12, not 70; or spread them evenly");
    refused(
        () -> new ContextLayout(3, 12, Spread.EVEN, 11, 6, 21),
        "reach must be at least the number of sparse frames, 12, not 11");
    refused(
        () -> new ContextLayout(3, 0, Spread.EVEN, 11, 6, 21),
        "reach must be 0 without sparse frames, not 11");
    refused(
        () -> new ContextLayout(0, 1, Spread.EVEN, 11, 0, 21),
        "sink + motion at least 1, not 0, 1 and 0");
    refused(
        () -> ContextLayout.RELEASED.at(8),
        "sink and motion window need 9 latent frames before a target, there are 8");
    refused(
        () -> new Placement(List.of(0, 1, 1, 2), new Parts(1, 1, 1, 1)),
        "frames must strictly increase");
  }

  private static void refused(Runnable work, String because) {
    assertThatThrownBy(work::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(because)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }
}
