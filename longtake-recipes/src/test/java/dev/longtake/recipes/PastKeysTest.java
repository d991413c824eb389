package dev.longtake.recipes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.distill.Given;
import dev.longtake.distill.RolloutLengths;
import org.junit.jupiter.api.Test;

class PastKeysTest {
  private static final String CAPTIONS = "captions of training worlds 0 to 4";
  private static final String FILMS = "after the beginnings of videos of training worlds 0 to 2";

  @Test
  void wordsTellWhatShareOfTheRolloutsGoesOnFromVideos() {
    assertThat(past(1).data(CAPTIONS, 0)).isEqualTo(FILMS);
    assertThat(past(1).data(CAPTIONS, 0.33)).isEqualTo(CAPTIONS + "; " + FILMS + share("0.67"));
    assertThat(past(0.5).data(CAPTIONS, 0)).isEqualTo(CAPTIONS + "; " + FILMS + share("0.5"));
    assertThat(past(0.5).data(CAPTIONS, 0.5)).isEqualTo(CAPTIONS + "; " + FILMS + share("0.25"));
    assertThat(PastKeys.NONE.data(CAPTIONS, 0.5)).isEqualTo(CAPTIONS);
  }

  private static String share(String share) {
    return " in a share of " + share;
  }

  private static PastKeys past(double share) {
    return new PastKeys(share, RolloutLengths.always(6), Given.Shown.LIKEST, 0, 3, 2);
  }
}
