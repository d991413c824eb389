package dev.longtake.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class LatentFrechetTest {
  private static final Offset<Double> NEAR = within(1e-6); // of FLOAT32 latents
  private static final int CHANNELS = 2;
  private static final int FRAMES = 9;
  private static final int QUARTER = 2;

  @Test
  void aVideoThatDriftsIsFartherInTheEnd() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, Device.CPU)) {
      var video = rng.normal(Dtype.FLOAT32, 1, CHANNELS, FRAMES, 8, 12);
      var kept = video.narrow(2, 0, FRAMES - QUARTER);
      var end = video.narrow(2, FRAMES - QUARTER, QUARTER);
      try (var generated = of(Tensor.cat(List.of(kept, end.plus(0.5)), 2));
          var others = of(video.plus(2));
          var reconstructed = of(video);
          var truth = of(video)) {

        var distance = LatentFrechet.of(generated, others, reconstructed, truth);

        int size = 4 * CHANNELS;
        assertThat(distance.dimensions()).isEqualTo(size);
        assertThat(distance.features()).isEqualTo(FRAMES * 4 * 6);
        assertThat(distance.quarterFeatures()).isEqualTo(QUARTER * 4 * 6);
        assertThat(distance.generated().firstQuarter()).isCloseTo(0, NEAR);
        assertThat(distance.generated().lastQuarter()).isCloseTo(size * 0.25, NEAR);
        assertThat(distance.generated().whole()).isBetween(0.05, size * 0.25 / 2);
        assertThat(distance.otherWorlds().whole()).isCloseTo(size * 4, NEAR);
        assertThat(distance.otherWorlds().firstQuarter()).isCloseTo(size * 4, NEAR);
        assertThat(distance.reconstructed().whole()).isCloseTo(0, NEAR);
        assertThat(distance.flat().whole()).isBetween(size * 0.8, size * 1.2); // of variance 1
      }
    }
  }

  private static LatentFeatures of(Tensor latents) {
    var features = new LatentFeatures(CHANNELS);
    features.add(latents);
    return features;
  }
}
