package dev.longtake.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.Manifest;
import dev.longtake.data.Damaged;
import dev.longtake.media.Sampling;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.testkit.LeakGuard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A context teacher that learns to continue recorded videos. */
class ContinuedVideosTest {
  private static final Path STATE = Path.of("context-teacher", "checkpoint-00000004.safetensors");

  @TempDir static Path shared;
  @TempDir Path folder;

  private static Path model;
  private static Path videos;
  private static Path cache;

  @BeforeAll
  static void film() throws IOException {
    model = TinyFolder.model(shared.resolve("model"), 1);
    videos = shared.resolve("videos");
    TinyFolder.video(videos, "a", 93, "a brick room");
    TinyFolder.video(videos, "b", 70, "a red cube");
    TinyFolder.video(videos, "short", 68, "a red cube");
    Files.writeString(videos.resolve("c.mp4"), "no video");
    Files.writeString(videos.resolve("c.txt"), "a room");
    cache = shared.resolve("cache");
    new EncodeVideos(
            List.of(videos), model, cache, 69, 1, Sampling.Between.NEAREST, Damaged.REFUSE, 1)
        .run(Device.CPU, Dtype.FLOAT32, 1, text -> {});
  }

  @Test
  void videosOfAFolderWillDoAndWhatIsSkippedIsTold() throws Exception {
    var out = folder.resolve("out");

    var ear = train(out, Map.of("data", "'folder:" + videos + "'"), "");

    assertThat(ear.steps).hasSize(4);
    assertThat(ear.said).noneMatch(text -> text.contains("filming"));
    assertThat(ear.said).anyMatch(text -> text.startsWith("skipped 2 videos"));
    assertThat(Files.readAllLines(out.resolve("skipped.txt"))).hasSize(2);
    assertThat(Manifest.read(out.resolve(TrainModel.MODEL_FOLDER)).data())
        .isEqualTo("folder:" + videos + ", 2 videos skipped");
  }

  @Test
  void shorterVideosAreContinuedAsFarAsTheyGo() throws Exception {
    var out = folder.resolve("out");
    var settings =
        Map.of(
            "data", "'folder:" + videos + "'",
            "footage", "{latent_frames: 24, shortest: 17}",
            "training.steps", "8");
    assertThat(train(out, settings, "").steps).hasSize(8);
    assertThat(Files.readAllLines(out.resolve("skipped.txt")))
        .singleElement()
        .asString()
        .contains("c.mp4");
    assertThatThrownBy(
            () -> read(Map.of("data", "cache:x", "footage", "{latent_frames: 24, shortest: 17}")))
        .hasMessageContaining("clips of the world and of a cache are all of one length");
    assertThatThrownBy(
            () -> read(Map.of("data", "folder:x", "footage", "{latent_frames: 24, shortest: 25}")))
        .hasMessageContaining("footage.shortest must be 1 to latent_frames, 24");
    assertThatThrownBy(
            () -> read(Map.of("data", "folder:x", "footage", "{latent_frames: 24, shortest: 14}")))
        .hasMessageContaining("clips of 14 latent frames hold no context of at least 9");
  }

  @Test
  void aRunThatWasKilledGoesOnToTheSameWeightsAndErrors() throws Exception {
    var settings = Map.of("data", "'folder:" + videos + "'");
    train(folder.resolve("straight"), settings, "");
    var broken = folder.resolve("broken");
    assertThatThrownBy(() -> train(broken, settings, "context-teacher 2"))
        .hasMessage("killed at context-teacher 2");
    assertThat(train(broken, settings, "").steps)
        .containsExactly("context-teacher 2", "context-teacher 3");
    assertThat(broken.resolve(STATE))
        .hasSameBinaryContentAs(folder.resolve("straight").resolve(STATE));
  }

  @Test
  @ExtendWith(LeakGuard.class)
  void aCacheWillDoAndBatchesOfAStepAreAsLongOnBothDevices() throws Exception {
    var settings = Map.of("data", "'cache:" + cache + "'");
    var pair = List.of(Device.CPU, Device.CPU);
    assertThat(train(folder.resolve("one"), settings, "", pair).steps).hasSize(4);
    train(folder.resolve("two"), settings, "", pair);
    assertThat(folder.resolve("two").resolve(STATE))
        .hasSameBinaryContentAs(folder.resolve("one").resolve(STATE));
    train(
        folder.resolve("again"),
        Map.of("data", "'cache:" + cache + "'", "activations", "recomputed"),
        "",
        pair);
    assertThat(folder.resolve("again").resolve(STATE))
        .hasSameBinaryContentAs(folder.resolve("one").resolve(STATE));
  }

  @Test
  @ExtendWith(LeakGuard.class)
  void aMemoryMayChooseTheContextByHowAlikeLatentsAre() throws Exception {
    var settings =
        Map.of(
            "data", "'cache:" + cache + "'",
            "footage", "{latent_frames: 18, memories: ['slow-fast:sink=3,slow=3,fast=6']}",
            "selection", "memory",
            "least", "3");
    assertThat(train(folder.resolve("out"), settings, "").steps).hasSize(4);
  }

  @Test
  void dataThatIsNotThereOrTooShortIsRefusedBeforeAnythingIsMade() {
    refused("folder:" + folder.resolve("nowhere"), "there is no folder or table of videos");
    refused("cache:" + folder.resolve("nowhere"), "data: there is no folder '");
    refused("world:8", "data is 'world:8', but a context teacher films as many worlds as footage");
    assertThatThrownBy(
            () ->
                train(
                    folder.resolve("out"),
                    Map.of("data", "'cache:" + cache + "'", "footage", "{latent_frames: 19}"),
                    ""))
        .hasMessageContaining("holds clips of 69 pictures, 19 latent frames need 73");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  private void refused(String data, String because) {
    assertThatThrownBy(() -> train(folder.resolve("out"), Map.of("data", "'" + data + "'"), ""))
        .hasMessageContaining(because)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void aTrialLeavesNothing() throws Exception {
    var settings = Map.of("data", "'cache:" + cache + "'");
    var place =
        new Workplace(
            List.of(Device.CPU), folder.resolve("untouched"), 1, Ending.NEVER, new Ear(""));
    var told = new ArrayList<String>();
    DryRun.in(folder, read(settings), place, told::add);
    assertThat(String.join("\n", told))
        .contains("context-teacher: 4 steps, 1 batch of 2 videos a step, rate");
    assertThat(folder.resolve("untouched")).doesNotExist();
  }

  private Run read(Map<String, String> settings) throws IOException {
    var all = new TreeMap<>(Map.of("footage", "{latent_frames: 18}"));
    all.putAll(settings);
    var yaml = TrainTeacherTest.YAML.replace("FROM", model.toString());
    return TinyStages.read(folder, yaml, all);
  }

  private Ear train(Path out, Map<String, String> settings, String end) throws IOException {
    return train(out, settings, end, List.of(Device.CPU));
  }

  private Ear train(Path out, Map<String, String> settings, String end, List<Device> devices)
      throws IOException {
    return TinyStages.run(read(settings), out, end, devices);
  }
}
