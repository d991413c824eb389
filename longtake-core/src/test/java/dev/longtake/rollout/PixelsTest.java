package dev.longtake.rollout;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class PixelsTest {

  @Test
  void everyByteSurvivesTheRoundTrip() {
    byte[] all = new byte[16 * 16 * 3];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) i;
    }
    try (var scope = Scope.open()) {
      var video = Pixels.toTensor(List.of(all, new byte[all.length]), 16, 16, Device.CPU);
      assertThat(video).hasShape(1, 3, 2, 16, 16);
      var back = Pixels.toBytes(video, 0);
      assertThat(back).hasSize(2);
      assertThat(back.getFirst()).isEqualTo(all);
      assertThat(back.getLast()).containsOnly(0);
    }
  }

  @Test
  void coloursAreSpreadFromMinus1To1InTheirPlanes() {
    try (var scope = Scope.open()) {
      byte[] one = {0, (byte) 255, (byte) 51, 0, 0, 0};
      float[] values = Pixels.toTensor(List.of(one), 2, 1, Device.CPU).toFloats();
      assertThat(values).containsExactly(new float[] {-1, -1, 1, -1, -0.6f, -1}, within(1e-6f));
    }
  }

  @Test
  void valuesBeyondTheRangeAreClampedAndTheRestRounded() {
    try (var scope = Scope.open()) {
      float[] values = {-3, 3, 0, 1 / 127.5f * 0.4f, -1 + 1 / 127.5f * 0.6f, 0.999f};
      var bytes = Pixels.toBytes(Tensor.of(values, 1, 3, 1, 1, 2), 0).getFirst();
      // Planes become pixels: the first of each colour, then the second of each.
      assertThat(bytes).containsExactly(0, (byte) 128, 1, (byte) 255, (byte) 128, (byte) 255);
    }
  }
}
