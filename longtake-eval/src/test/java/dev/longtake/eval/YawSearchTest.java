package dev.longtake.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.rollout.ModelConfig.VideoSize;
import dev.longtake.world.Clip;
import dev.longtake.world.Split;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class YawSearchTest {
  private static final VideoSize SIZE = new VideoSize(96, 64, 16);
  private static final double COLUMN = 90.0 / 96;

  private final Truth truth = truth(3);
  private final YawSearch search = new YawSearch(truth);

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.4, -7.3, 13.37, -42, 59, -59})
  void findsAKnownTurn(double offset) {
    for (double expected : new double[] {10, 200, 355, -700}) {
      var match = search.best(truth.view(expected + offset), expected);

      assertThat(match.offset()).as("from %s", expected).isCloseTo(offset, within(COLUMN / 4));
      assertThat(match.psnr()).as("from %s", expected).isGreaterThan(40);
    }
  }

  @Test
  void findsItInAPaleCopyToo() {
    var picture = truth.view(120 - 21);
    for (int i = 0; i < picture.length; i++) {
      picture[i] = (byte) (0.8 * (picture[i] & 0xff) + 40);
    }

    assertThat(search.best(picture, 120).offset()).isCloseTo(-21, within(COLUMN));
  }

  @Test
  void doesNotLookFartherThanItMay() {
    var match = search.best(truth.view(180), 30);

    assertThat(Math.abs(match.offset())).isLessThanOrEqualTo(YawSearch.REACH);
    assertThat(match.psnr()).isLessThan(25);
  }

  @Test
  void anotherRoomFitsNowhere() {
    var other = truth(4);

    for (double yaw = 0; yaw < 360; yaw += 45) {
      var match = search.best(other.view(yaw), yaw);
      assertThat(match.psnr())
          .isGreaterThanOrEqualTo(Psnr.between(other.view(yaw), truth.view(yaw)))
          .isLessThan(22);
    }
  }

  private static Truth truth(long number) {
    return Truth.film(Clip.of(Split.HELD_OUT.seed(number), 1), SIZE);
  }
}
