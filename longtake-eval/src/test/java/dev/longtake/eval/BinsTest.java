package dev.longtake.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class BinsTest {
  @Test
  void lagsOfTheUsualTurnsFallIntoDifferentBins() {
    var lags = List.of(16.0, 20.0, 26.0, 32.0).stream().map(turn -> 0.75 * turn).toList();

    var bins = Bins.LAG.sort(lags, lag -> lag);

    assertThat(bins).extracting(Bins.Bin::from).containsExactly(10.0, 14.0, 18.0, 22.0);
    assertThat(bins).extracting(Bins.Bin::to).containsExactly(14.0, 18.0, 22.0, 26.0);
    assertThat(bins).allSatisfy(bin -> assertThat(bin.values()).hasSize(1));
  }

  @Test
  void aValueOnTheBorderBelongsToTheUpperBin() {
    assertThat(Bins.LAG.index(14)).isEqualTo(Bins.LAG.index(17.999));
    assertThat(Bins.LAG.index(13.999)).isEqualTo(Bins.LAG.index(14) - 1);
    assertThat(Bins.SECONDS.index(0)).isZero();
  }

  @Test
  void emptyBinsAreLeftOut() {
    assertThat(Bins.SECONDS.sort(List.of(0.5, 7.5, 0.1), s -> s))
        .extracting(bin -> bin.values().size())
        .containsExactly(2, 1);
  }

  @Test
  void aBinNeedsAWidth() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Bins(0, 0));
  }
}
