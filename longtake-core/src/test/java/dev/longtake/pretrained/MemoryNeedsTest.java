package dev.longtake.pretrained;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.rollout.ModelPart;
import dev.longtake.tensor.Dtype;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.text.TextResidence;
import dev.longtake.text.Umt5Config;
import dev.longtake.vae.VaeConfig;
import dev.longtake.wan.WanConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakGuard.class)
class MemoryNeedsTest {
  @TempDir Path folder;

  @Test
  void thePublishedNetworksHaveThePublishedNumbersOfWeights() {
    var config =
        Presets.find("self-forcing").config(WanConfig.T2V_1_3B, VaeConfig.WAN_2_1, Umt5Config.XXL);
    var transformer = ModelPart.TRANSFORMER.shapes(config);
    assertThat(transformer).hasSize(825);
    assertThat(count(transformer)).isEqualTo(1_418_996_800L);
    var large =
        ModelPart.TRANSFORMER.shapes(
            Presets.find("self-forcing")
                .config(WanConfig.T2V_14B, VaeConfig.WAN_2_1, Umt5Config.XXL));
    assertThat(large).hasSize(1095);
    assertThat(count(large)).isEqualTo(14_288_491_584L);
    var vae = ModelPart.VAE.shapes(config);
    assertThat(vae).hasSize(194);
    assertThat(count(vae)).isEqualTo(126_892_531L);
    var text = ModelPart.TEXT_ENCODER.shapes(config);
    assertThat(text).hasSize(242);
    assertThat(count(text)).isEqualTo(5_680_910_336L);
  }

  @Test
  void memoryOf21FramesIsHalfAsMuchAgainAsThePublishedCache() {
    var config =
        Presets.find("self-forcing").config(WanConfig.T2V_1_3B, VaeConfig.WAN_2_1, Umt5Config.XXL);
    long cache = 21L * 1560 * 1536 * 2 * 30 * Dtype.BFLOAT16.bytes();
    assertThat(MemoryNeeds.keyValues(config, 21, Dtype.BFLOAT16)).isEqualTo(cache / 2 * 3);
  }

  @Test
  void everyPartIsCountedFromItsHeader() {
    try (var published = new Published()) {
      var wan = published.wan(folder.resolve("wan"));
      var checkpoint =
          Published.torch(
              folder.resolve("model.pt"), Map.of("generator_ema", published.transformer()));
      var parts =
          PretrainedParts.of(PretrainedFolder.open(wan), Published.preset())
              .with(FileRole.CHECKPOINT, checkpoint);
      var needs = MemoryNeeds.of(parts, 21, Dtype.BFLOAT16);
      var config = parts.config();
      assertThat(needs.transformer()).isEqualTo(2 * count(ModelPart.TRANSFORMER.shapes(config)));
      assertThat(needs.vae()).isEqualTo(2 * count(ModelPart.VAE.shapes(config)));
      assertThat(needs.textEncoder()).isEqualTo(2 * count(ModelPart.TEXT_ENCODER.shapes(config)));
      // Keys, turned keys and values; 2 layers; 21 frames of 2 patches; 16 wide; 2 bytes.
      assertThat(needs.keyValues()).isEqualTo(3L * 2 * (21 * 2) * 16 * 2);
      assertThat(needs.prompts()).isEqualTo(2L * 2 * 2 * 12 * 16 * 2);
      assertThat(needs.decoding()).isEqualTo(config.vae().stateBytes(2, 4, Dtype.BFLOAT16));
      assertThat(MemoryNeeds.of(parts, 21, Dtype.FLOAT32).total()).isEqualTo(2 * needs.total());
      assertThat(needs.weights())
          .isEqualTo(needs.transformer() + needs.vae() + needs.textEncoder());
    }
  }

  @Test
  void aTextEncoderThatPassesIsNotThereAtTheSameTimeAsTheMemory() {
    var needs = new MemoryNeeds(10, 20, 5, 6, 1, 2);
    assertThat(needs.peak(TextResidence.DEVICE)).isEqualTo(needs.total()).isEqualTo(44);
    assertThat(needs.peak(TextResidence.PASSING)).isEqualTo(25 + 10);
    assertThat(needs.peak(TextResidence.PROCESSOR)).isEqualTo(25 + 9);
    assertThat(new MemoryNeeds(3, 20, 5, 6, 1, 2).peak(TextResidence.PASSING)).isEqualTo(25 + 9);
  }

  @Test
  void whatDoesNotFitIsRefusedWithTheFigureAndTheRemedy() {
    var needs = new MemoryNeeds(11_000_000_000L, 2_800_000_000L, 0, 2_000_000_000L, 0, 0);
    needs.requireWithin(needs.total(), "this machine", TextResidence.DEVICE);
    assertThatThrownBy(() -> needs.requireWithin(needs.total() - 1, "cuda:0", TextResidence.DEVICE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "the model needs at least 15.80 GB (text encoder 11.00 GB, transformer 2.80 GB,"
                + " autoencoder 0.00 GB, memory 2.00 GB, decoding 0.00 GB), cuda:0 has 15.80 GB;"
                + " let the text encoder be passing");
    assertThatThrownBy(() -> needs.requireWithin(1, "cuda:0", TextResidence.PASSING))
        .hasMessageContaining("at least 13.80 GB")
        .hasMessageEndingWith("use a shorter memory, a smaller picture or a narrower type");
  }

  private static long count(Map<String, List<Long>> shapes) {
    return shapes.values().stream()
        .mapToLong(shape -> shape.stream().reduce(1L, Math::multiplyExact))
        .sum();
  }
}
