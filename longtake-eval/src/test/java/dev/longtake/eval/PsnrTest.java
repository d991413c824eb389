package dev.longtake.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PsnrTest {
  @Test
  void isTenLogarithmsOfTheInverseError() {
    assertThat(Psnr.of(1)).isZero();
    assertThat(Psnr.of(0.01)).isCloseTo(20, within(1e-9));
    assertThat(Psnr.of(0.0005)).isCloseTo(33.0103, within(1e-4));
  }

  @Test
  void equalPicturesHaveTheMost() {
    var picture = picture(77, 12);

    assertThat(Psnr.between(picture, picture)).isEqualTo(Psnr.MOST);
  }

  @Test
  void aStepOfOneInEveryByteIs48Decibels() {
    assertThat(Psnr.between(picture(200, 300), picture(201, 300)))
        .isCloseTo(20 * Math.log10(255), within(1e-9));
  }

  @Test
  void bytesCountAsUnsigned() {
    assertThat(Psnr.between(picture(0, 6), picture(255, 6))).isZero();
  }

  @Test
  void picturesAddUpAsErrorsNotAsDecibels() {
    var psnr = new Psnr().add(picture(0, 3), picture(255, 3)).add(picture(9, 3), picture(9, 3));

    assertThat(psnr.decibels()).isCloseTo(Psnr.of(0.5), within(1e-9));
  }

  @Test
  void onlyTheAskedColumnsCount() {
    var truth = picture(100, 4 * 3 * 2);
    var other = truth.clone();
    for (int row = 0; row < 2; row++) {
      Arrays.fill(other, row * 12 + 9, row * 12 + 12, (byte) 0); // the last of four columns
    }

    assertThat(new Psnr().addColumns(truth, other, 4, 0, 3).decibels()).isEqualTo(Psnr.MOST);
    assertThat(new Psnr().addColumns(truth, other, 4, 3, 4).decibels())
        .isCloseTo(20 * Math.log10(2.55), within(1e-9));
  }

  @Test
  void nothingCannotBeCompared() {
    assertThatIllegalStateException().isThrownBy(() -> new Psnr().decibels());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Psnr.between(new byte[3], new byte[6]))
        .withMessageContaining("3 and 6");
  }

  private static byte[] picture(int value, int bytes) {
    var rgb = new byte[bytes];
    Arrays.fill(rgb, (byte) value);
    return rgb;
  }
}
