package dev.longtake.distill;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class LikenessTest {
  private static final int GIVEN = 6;

  /** One camera pans as in the video, one faster, one slower and then backwards. */
  @Test
  void everyChunkStandsForTheStretchOfItsOwnVideoThatItIsMostLike() {
    int[][] starts = {{6, 9, 12, 15}, {8, 13, 17, 20}, {5, 7, 8, 9}};
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, Device.CPU)) {
      var videos = rng.normal(Dtype.FLOAT32, 3, 2, 24, 3, 4);
      var expected = stretches(videos, starts);
      var noise = rng.normal(Dtype.FLOAT32, expected.shape()).times(0.3);
      var shown = Likeness.of(expected.plus(noise), videos, GIVEN);
      assertThat(shown).isBitwiseEqualTo(expected);
      var nothing = Likeness.of(videos.narrow(2, 0, GIVEN), videos, GIVEN);
      assertThat(nothing).isBitwiseEqualTo(videos.narrow(2, 0, GIVEN));
    }
  }

  /** A camera that rests looks alike everywhere: the rollout rests where it is. */
  @Test
  void aStillPictureIsNotLookedForElsewhere() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, Device.CPU)) {
      var pan = rng.normal(Dtype.FLOAT32, 1, 2, 27, 3, 4);
      var rest = pan.narrow(2, 5, 1).expand(-1, -1, 9, -1, -1);
      var video = Tensor.cat(List.of(pan.narrow(2, 0, 6), rest, pan.narrow(2, 6, 21)), 2);
      var rollout = video.narrow(2, 0, 33).contiguous();
      assertThat(Likeness.of(rollout, video, GIVEN)).isBitwiseEqualTo(rollout);
    }
  }

  @Test
  void whatIsLookedForEndsWithTheVideo() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, Device.CPU)) {
      var videos = rng.normal(Dtype.FLOAT32, 1, 2, 12, 3, 4);
      var rollout = stretches(videos, new int[][] {{8, 9}});
      assertThat(Likeness.of(rollout, videos, GIVEN)).isBitwiseEqualTo(rollout);
    }
  }

  @Test
  void aRolloutIsAtMostTwoFramesAheadAChunk() {
    assertThat(Likeness.ahead(21)).isEqualTo(14);
    assertThat(Given.Shown.LIKEST.ahead(21)).isEqualTo(14);
    assertThat(Given.Shown.VIDEO.ahead(21)).isZero();
  }

  /** What is given of each video, and then the stretches that begin there. */
  private static Tensor stretches(Tensor videos, int[][] starts) {
    var rows = new ArrayList<Tensor>();
    for (int video = 0; video < starts.length; video++) {
      var own = videos.narrow(0, video, 1);
      var parts = new ArrayList<>(List.of(own.narrow(2, 0, GIVEN)));
      for (int start : starts[video]) {
        parts.add(own.narrow(2, start, 3));
      }
      rows.add(Tensor.cat(parts, 2));
    }
    return Tensor.cat(rows, 0);
  }
}
