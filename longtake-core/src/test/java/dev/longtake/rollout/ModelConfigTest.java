package dev.longtake.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.diffusion.EulerSampler;
import dev.longtake.diffusion.FewStepSampler;
import dev.longtake.diffusion.FlowSchedule;
import dev.longtake.rollout.ModelConfig.SamplerKind;
import dev.longtake.rollout.ModelConfig.Sampling;
import dev.longtake.rollout.ModelConfig.VideoSize;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelConfigTest {
  @TempDir Path folder;

  @Test
  void whatIsWrittenIsReadBack() throws Exception {
    var config = TinyModel.config();
    config.write(folder);
    assertThat(ModelConfig.read(folder)).isEqualTo(config);
    assertThat(Files.readString(folder.resolve("config.json")))
        .contains("\"num_layers\" : 2", "\"text_encoder\" :", "\"latent_mean\" :", "\"z_dim\" : 2")
        .doesNotContain("numLayers", "policy", "headDim");
    try (var files = Files.list(folder)) {
      assertThat(files).as("nothing half written is left").hasSize(1);
    }
  }

  @Test
  void aFileIsReplacedWhole() throws Exception {
    TinyModel.config().write(folder);
    var other =
        TinyModel.config()
            .withVae(TinyModel.config().vae().withStatistics(List.of(1.0, 2.0), List.of(3.0, 4.0)));
    other.write(folder);
    assertThat(ModelConfig.read(folder)).isEqualTo(other);
  }

  @Test
  void anUnknownKeyAMissingOneAndAWrongTypeAreRefusedNamingTheFile() throws Exception {
    TinyModel.config().write(folder);
    var text = Files.readString(folder.resolve("config.json"));
    refused(text.replace("{", "{ \"colour\" : 1,"), "colour");
    refused(text.replace("\"memory\"", "\"memroy\""), "memory is missing");
    refused(text.replace("\"num_heads\" : 2,", ""), "num_heads");
    refused(text.replace("\"num_heads\" : 2", "\"num_heads\" : null"), "num_heads");
    refused(text.replace("\"num_heads\" : 2", "\"num_heads\" : 2.5"), "2.5");
    refused(text.replace("\"num_heads\" : 2", "\"num_heads\" : \"two\""), "two");
    refused(text.replace("\"num_heads\" : 2", "\"num_heads\" : 3"), "does not split into 3 heads");
    refused(text.substring(0, text.length() / 2), "is not a model's configuration");
    refused("", "is not a model's configuration");
  }

  @Test
  void partsThatDoNotFitOneAnotherAreRefusedNamingBothSizes() throws Exception {
    TinyModel.config().write(folder);
    var text = Files.readString(folder.resolve("config.json"));
    refused(text.replace("\"in_dim\" : 2", "\"in_dim\" : 4"), "has 4 latent channels", "2 (z_dim)");
    refused(text.replace("\"text_dim\" : 6", "\"text_dim\" : 8"), "of width 8", "have 6 (dim)");
    refused(
        text.replaceAll("\"temporal_down\" : \\[[^]]*]", "\"temporal_down\" : [true, true, true]"),
        "8 x 8 pixels and 4 frames, not of 8 and 8");
    refused(text.replace("slow-fast:", "slow-motion:"), "slow-motion");
    refused(text.replaceAll("slow-fast:[^\"]*", "sliding-window:2"), "cannot hold", "chunk of 3");
  }

  @Test
  void whatGuidanceLeadsAwayFromMayBeSaidAndIsOtherwiseZeros() throws Exception {
    var silent = TinyModel.config();
    silent.write(folder);
    var text = Files.readString(folder.resolve("config.json"));
    var older =
        text.replaceAll(",\\s*\"unconditional\" : \"ZEROS\",\\s*\"negative_prompt\" : \"\"", "");
    assertThat(older).isNotEqualTo(text).doesNotContain("unconditional", "negative");
    Files.writeString(folder.resolve("config.json"), older);
    assertThat(ModelConfig.read(folder)).isEqualTo(silent);
    assertThat(silent.unconditional()).isEqualTo(Unconditional.ZEROS);

    var prompted = silent.withUnconditional(Unconditional.PROMPT, "色调艳丽");
    prompted.write(folder);
    assertThat(ModelConfig.read(folder)).isEqualTo(prompted);
    assertThat(prompted.withVae(prompted.vae())).isEqualTo(prompted);

    refused(
        text.replace("ZEROS", "nothing"),
        "unconditional",
        "unconditional is 'nothing'; give zeros or prompt");
    refused(text.replace("\"ZEROS\"", "null"), "unconditional");
    refused(
        text.replace("\"negative_prompt\" : \"\"", "\"negative_prompt\" : \"blurred\""),
        "negative_prompt 'blurred' would never be read");
    refused("[]", "it is a list; give keys and values for name, video");
  }

  @Test
  void aSamplerIsMadeAsItsKindSays() {
    assertThat(((EulerSampler) new Sampling(SamplerKind.EULER, 4, 5, 1).sampler()).levels())
        .isEqualTo(FlowSchedule.levels(4, 5));
    assertThat(((FewStepSampler) new Sampling(SamplerKind.FEW_STEP, 4, 5, 1).sampler()).timesteps())
        .isEqualTo(FlowSchedule.training(5).warp(1000, 750, 500, 250));
  }

  @Test
  void valuesOutOfRangeAreRefused() {
    assertThatThrownBy(() -> new VideoSize(100, 64, 16))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("multiples of 16")
        .hasMessageContaining("100 x 64 at 16");
    assertThatThrownBy(() -> new Sampling(SamplerKind.EULER, 0, 5, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Sampling(SamplerKind.EULER, 4, 5, 0.5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("guidance of at least 1");
    assertThat(new VideoSize(832, 480, 16).latentRows()).isEqualTo(60);
    assertThat(new VideoSize(832, 480, 16).latentColumns()).isEqualTo(104);
  }

  private void refused(String json, String... told) throws Exception {
    Files.writeString(folder.resolve("config.json"), json);
    assertThatThrownBy(() -> ModelConfig.read(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("config.json")
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1))
        .extracting(Throwable::getMessage)
        .asString()
        .contains(told);
  }
}
