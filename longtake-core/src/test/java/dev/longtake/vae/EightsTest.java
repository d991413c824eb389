package dev.longtake.vae;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.testkit.LeakGuard;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class EightsTest {

  @Test
  void theFirstOfEightChannelsAreThoseOfTheConvolutionToThree() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(2, Device.CPU)) {
      long[] one = {1, 1};
      var x = rng.normal(Dtype.FLOAT64, 2, 5, 6, 7);
      var weight = rng.normal(Dtype.FLOAT64, 3, 5, 3, 3);
      var bias = rng.normal(Dtype.FLOAT64, 3);
      var three = Functional.conv2d(x, weight, bias, one, one).permute(0, 2, 3, 1);
      var eight = Functional.conv2d(x, Eights.filled(weight), Eights.filled(bias), one, one);

      assertThat(eight.size(1)).isEqualTo(8);
      var first = Eights.first(eight.permute(0, 2, 3, 1), 3);
      assertThat(first).isCloseTo(three, 1e-12);
      assertThat(first.isContiguous()).isTrue();
      assertThat(Eights.first(three, 3) == three).isTrue();
    }
  }

  @Test
  void whatComesInEightsStaysAsItIs() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(2, Device.CPU)) {
      var weight = rng.normal(Dtype.FLOAT32, 16, 5, 3, 3, 3);

      assertThat(Eights.filled(weight) == weight).isTrue();
    }
  }
}
