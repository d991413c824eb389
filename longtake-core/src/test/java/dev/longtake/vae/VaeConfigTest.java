package dev.longtake.vae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import java.util.List;
import org.junit.jupiter.api.Test;

class VaeConfigTest {

  @Test
  void wansLatentsSpanEightPixelsAndFourFrames() {
    assertThat(VaeConfig.WAN_2_1.spatialFactor()).isEqualTo(8);
    assertThat(VaeConfig.WAN_2_1.temporalFactor()).isEqualTo(4);
    assertThat(VaeConfig.WAN_2_1.latentFrames(81)).isEqualTo(21);
    assertThat(VaeConfig.WAN_2_1.pixelFrames(252)).isEqualTo(1005);
    assertThat(VaeConfig.WAN_2_1.pixelFrames(2_147_483_646L)).isEqualTo(8_589_934_581L);
    assertThatThrownBy(() -> VaeConfig.WAN_2_1.pixelFrames(2_147_483_646))
        .isInstanceOf(ArithmeticException.class);
  }

  @Test
  void framesThatDoNotMakeWholeLatentsAreRefusedWithARemedy() {
    assertThatThrownBy(() -> VaeConfig.WAN_2_1.latentFrames(83))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("83 frames do not make whole latents: give 1 + 4 k, such as 81");
  }

  @Test
  void statisticsOfTheWrongLengthAreRefused() {
    var config = VaeConfig.small(8, 4);
    assertThatThrownBy(() -> config.withStatistics(List.of(0.0), List.of(1.0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("latentMean must have 4 entries, not 1");
  }

  @Test
  void aConfigurationSurvivesTheRoundTripThroughJson() throws Exception {
    var json = new ObjectMapper();
    var text = json.writeValueAsString(VaeConfig.WAN_2_1);
    assertThat(json.readValue(text, VaeConfig.class)).isEqualTo(VaeConfig.WAN_2_1);
  }

  @Test
  void aSmallAutoencoderHasAsManyWeightsAsWans() {
    try (var rng = Rng.seeded(1, Device.CPU);
        var weights = Weights.random(rng, Dtype.FLOAT32);
        var vae = WanVae.of(VaeConfig.small(8, 16), weights)) {
      assertThat(weights.taken()).hasSize(194);
      assertThat(vae.config().zDim()).isEqualTo(16);
    }
  }
}
