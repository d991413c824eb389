package dev.longtake.pretrained;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.TrainedPart;
import dev.longtake.diffusion.FewStepSampler;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.text.Umt5Config;
import dev.longtake.vae.VaeConfig;
import dev.longtake.wan.WanConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class PresetsTest {
  @TempDir Path folder;

  @ParameterizedTest
  @MethodSource("names")
  void everyPresetIsAFewStepStudentOfTheSmallModel(String name) {
    var preset = Presets.find(name);
    assertThat(preset.name()).isEqualTo(name);
    assertThat(preset.chunk()).isEqualTo(ModelConfig.CHUNK);
    assertThat(preset.video()).isEqualTo(new ModelConfig.VideoSize(832, 480, 16));
    assertThat(preset.video().latentRows() * preset.video().latentColumns() / 4).isEqualTo(1560);
    assertThat(preset.sampling().sampler())
        .isInstanceOfSatisfying(
            FewStepSampler.class,
            sampler ->
                assertThat(sampler.timesteps()).containsExactly(levels(name), offset(1e-3f)));
    assertThat(preset.sampling().guidance()).isEqualTo(1);
    assertThat(preset.about()).endsWith(".");
  }

  @ParameterizedTest
  @CsvSource({
    "self-forcing, self-forcing, GENERATOR_EMA",
    "causal-forcing, self-forcing, GENERATOR",
    "longlive, longlive, GENERATOR",
    "longlive-base, longlive, GENERATOR",
    "infinity-rope, infinity-rope, GENERATOR_EMA",
    "rolling-forcing, rolling-forcing, GENERATOR_EMA",
    "self-gradient-forcing, longlive:positions=top-aligned, GENERATOR_EMA",
    "causal-forcing-long, rolling-forcing, GENERATOR_EMA",
    "context-forcing, context-forcing-released, GENERATOR_EMA"
  })
  void theMemoryIsThatOfTheFamily(String name, String policy, TrainedPart part) {
    var preset = Presets.find(name);
    assertThat(preset.weights().part()).isEqualTo(part);
    var config = preset.config(WanConfig.T2V_1_3B, VaeConfig.WAN_2_1, Umt5Config.XXL);
    assertThat(config.policy()).isEqualTo(MemoryPolicies.parse(policy));
    assertThat(config.name()).isEqualTo(name);
  }

  @ParameterizedTest
  @CsvSource({
    "self_forcing_dmd.pt, self-forcing",
    "chunkwise/causal_forcing.pt, causal-forcing",
    "models/longlive_base.pt, longlive-base",
    "Self-Forcing, self-forcing",
    "checkpoints/rolling_forcing_dmd.pt, rolling-forcing",
    "LongLive-1.3B, longlive",
    "self-gradient-forcing/step-100.pt, ",
    "model.pt, ",
    "infinity-rope-or-longlive.pt, "
  })
  void aNameThatIsBorneByOnePresetIsRecognised(Path path, String name) {
    assertThat(Presets.recognise(path).map(Preset::name)).isEqualTo(Optional.ofNullable(name));
  }

  @Test
  void everyPresetIsForTheSmallModelAndNoneForTheLargeOne() {
    assertThat(Presets.fitting(WanConfig.T2V_1_3B))
        .extracting(Preset::name)
        .containsExactlyElementsOf(Presets.names());
    assertThat(Presets.fitting(WanConfig.T2V_14B)).isEmpty();
    assertThat(Presets.fitting(Published.TRANSFORMER)).isEmpty();
  }

  @Test
  void longLivesAdapterIsOfRank256() {
    var adapters = Presets.find("longlive").adapters();
    assertThat(adapters).containsExactly(new Preset.Adapter("models/lora.pt", 256, 256));
    assertThat(adapters.getFirst().sizes().scale()).isEqualTo(1);
  }

  @Test
  void aPresetFromAFileNeedsNoRelease() throws IOException {
    var file = write(Presets.find("self-forcing").memory(), "sliding-window:frames=12");
    var preset = Presets.find(file.toString());
    assertThat(preset.memory()).isEqualTo("sliding-window:frames=12");
    assertThat(preset.withPart(TrainedPart.CRITIC).weights().part()).isEqualTo(TrainedPart.CRITIC);
  }

  @Test
  void aFileThatIsNoPresetIsRefusedWithTheKey() throws IOException {
    refused("\"chunk\": 3,", "", "chunk is missing");
    refused("\"chunk\": 3", "\"chunk\": 3, \"speed\": 2", "speed is no key here; there are ");
    refused("\"generator_ema\"", "\"average\"", "weights.part is 'average'; give ");
    refused("\"chunk\": 3", "\"chunk\": 0", "a chunk of at least 1, not 'self-forcing' and 0");
    refused("checkpoints/", "../", "files by their place in the repository, not '../self");
    refused("\"shift\": 5.0", "\"shift\": -1", "a shift above 0");
    assertThatThrownBy(() -> Presets.find(folder.resolve("absent.json").toString()))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("no such file");
  }

  @Test
  void anUnknownNameNamesThoseThereAre() {
    assertThatThrownBy(() -> Presets.find("self-frocing"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("unknown preset 'self-frocing'; there are self-forcing, causal");
  }

  @Test
  void chunksOfAnotherLengthAreRefused() throws IOException {
    var preset = Preset.read(write("\"chunk\": 3", "\"chunk\": 1"));
    assertThatThrownBy(() -> preset.config(WanConfig.T2V_1_3B, VaeConfig.WAN_2_1, Umt5Config.XXL))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("generates 1 latent frames at a time, Longtake 3");
  }

  private void refused(String old, String changed, String why) throws IOException {
    var file = write(old, changed);
    assertThatThrownBy(() -> Preset.read(file))
        .isInstanceOf(CheckpointException.class)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1))
        .hasMessageContaining("is not a preset: ")
        .hasMessageContaining(why);
  }

  private Path write(String old, String changed) throws IOException {
    try (var in = Presets.class.getResourceAsStream("presets/self-forcing.json")) {
      var json = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      assertThat(json).contains(old);
      return Files.writeString(folder.resolve("p.json"), json.replace(old, changed));
    }
  }

  private static float[] levels(String name) {
    return name.equals("rolling-forcing") // one chunk for each of five levels
        ? new float[] {1000, 952.381f, 882.353f, 769.231f, 555.556f}
        : new float[] {1000, 937.5f, 833.3333f, 625};
  }

  static List<String> names() {
    return Presets.names();
  }
}
