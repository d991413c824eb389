package dev.longtake.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.Manifest;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoGenerator;
import dev.longtake.rollout.VideoModel;
import dev.longtake.rollout.VideoRequest;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.train.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakGuard.class)
class TrainModelTest {
  @TempDir Path folder;

  @Test
  void aRunLeavesAModelThatGenerates() throws Exception {
    var out = folder.resolve("out");
    var ear = train(out, Map.of());
    assertThat(ear.steps)
        .containsExactly(
            "vae 0",
            "vae 1",
            "vae 2",
            "vae 3",
            "causal 0",
            "causal 1",
            "causal 2",
            "causal 3",
            "decoder 0",
            "decoder 1",
            "decoder 2",
            "decoder 3");

    var packed = out.resolve(TrainModel.MODEL_FOLDER);
    for (var model : List.of(packed, out)) {
      try (var opened = VideoModel.open(model, Device.CPU, Dtype.FLOAT32);
          var video =
              VideoGenerator.start(opened, VideoRequest.of(opened.config(), "a brick room"))) {
        assertThat(video.next().frames()).hasSize(9).allMatch(rgb -> rgb.length == 32 * 16 * 3);
        assertThat(video.next().frames()).hasSize(12);
      }
    }
    var config = ModelConfig.read(packed);
    assertThat(config.vae().latentMean()).doesNotContain(0.0);
    assertThat(config.vae().latentStd()).doesNotContain(1.0);
    var manifest = Manifest.read(packed);
    assertThat(manifest.step()).isEqualTo(4);
    assertThat(manifest.seed()).isEqualTo(2);
    assertThat(manifest.losses()).containsKeys("vae.loss", "causal.loss", "decoder.loss");
  }

  @Test
  void aFinishedRunIsNotDoneAgain() throws Exception {
    var out = folder.resolve("out");
    train(out, Map.of());
    var before = models(out);
    var again = train(out, Map.of());
    assertThat(again.steps).isEmpty();
    assertThat(again.said)
        .contains("resumed causal at step 4 of 4")
        .noneMatch(text -> text.contains("filming"));
    assertThat(models(out)).isEqualTo(before);
  }

  @Test
  void aRunThatWasKilledGoesOnToTheSameWeights() throws Exception {
    var straight = folder.resolve("straight");
    train(straight, Map.of());
    var broken = folder.resolve("broken");
    for (var stage : List.of("vae 2", "causal 2", "decoder 2")) {
      assertThatThrownBy(() -> train(broken, Map.of(), Long.MAX_VALUE, stage))
          .hasMessage("killed at " + stage);
    }
    var last = train(broken, Map.of());
    assertThat(last.steps).containsExactly("decoder 2", "decoder 3");
    var expected = models(straight);
    var actual = models(broken);
    for (var file : List.of(VideoModel.VAE, VideoModel.TRANSFORMER, VideoModel.TEXT_ENCODER)) {
      assertThat(actual.get(file)).as(file).isEqualTo(expected.get(file));
    }
    assertThat(actual.get(ModelConfig.FILE)).isEqualTo(expected.get(ModelConfig.FILE));
  }

  @Test
  void aRunSharedByTwoDevicesIsRepeatableAndItsOwn() throws Exception {
    var pair = List.of(Device.CPU, Device.CPU);
    train(folder.resolve("first"), Map.of(), Long.MAX_VALUE, "", pair);
    train(folder.resolve("second"), Map.of(), Long.MAX_VALUE, "", pair);
    train(folder.resolve("alone"), Map.of());
    var shared = models(folder.resolve("first"));
    var again = models(folder.resolve("second"));
    var alone = models(folder.resolve("alone"));
    for (var file : List.of(VideoModel.VAE, VideoModel.TRANSFORMER, VideoModel.TEXT_ENCODER)) {
      assertThat(again.get(file)).as(file).isEqualTo(shared.get(file));
      assertThat(alone.get(file)).as(file).isNotEqualTo(shared.get(file));
    }
  }

  @Test
  void aRunAfterATrialDoesNotBuildOnTheTrialsAutoencoder() throws Exception {
    var out = folder.resolve("out");
    var trial = train(out, Map.of(), 2, "");
    assertThat(trial.steps).contains("vae 1", "causal 1").doesNotContain("vae 2");
    assertThat(Manifest.read(out.resolve(TrainModel.MODEL_FOLDER)).step()).isEqualTo(2);
    assertThatThrownBy(() -> train(out, Map.of()))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("causal was trained on an autoencoder that is not finished")
        .hasMessageContaining("another output folder");
  }

  @Test
  void aRunFileOfAnotherModelIsRefusedInThatFolder() throws Exception {
    var out = folder.resolve("out");
    train(out, Map.of());
    assertThatThrownBy(() -> train(out, Map.of("model.transformer.num_layers", "2")))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("config.json is of a model of other sizes");

    train(out, Map.of("model.sampling.steps", "3")); // not a size
    assertThat(ModelConfig.read(out).sampling().steps()).isEqualTo(3);
    assertThat(ModelConfig.read(out.resolve("model")).sampling().steps()).isEqualTo(3);
    assertThat(ModelConfig.read(out).vae().latentMean()).doesNotContain(0.0);
  }

  @Test
  void aVocabularyTooSmallForTheCaptionsIsRefused() throws Exception {
    var run = TinyRun.with(folder, Map.of("model.text_encoder.vocab", "20"));
    assertThatThrownBy(() -> run.carryOut(place(folder, 9, new Ear(""), List.of(Device.CPU))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("model.text_encoder.vocab is 20, the captions need at least");
  }

  private Ear train(Path out, Map<String, String> settings) throws IOException {
    return train(out, settings, Long.MAX_VALUE, "");
  }

  private Ear train(Path out, Map<String, String> settings, long until, String end)
      throws IOException {
    return train(out, settings, until, end, List.of(Device.CPU));
  }

  private Ear train(
      Path out, Map<String, String> settings, long until, String end, List<Device> devices)
      throws IOException {
    var ear = new Ear(end);
    TinyRun.with(folder, settings).carryOut(place(out, until, ear, devices));
    return ear;
  }

  private static Workplace place(Path out, long until, Ear ear, List<Device> devices) {
    return new Workplace(devices, out, 1, until, ear);
  }

  /** The bytes of the packed model's files. */
  private static Map<String, List<Byte>> models(Path out) throws IOException {
    var files = new TreeMap<String, List<Byte>>();
    try (var list = Files.list(out.resolve(TrainModel.MODEL_FOLDER))) {
      for (var file : list.toList()) {
        var bytes = new ArrayList<Byte>();
        for (byte b : Files.readAllBytes(file)) {
          bytes.add(b);
        }
        files.put(file.getFileName().toString(), bytes);
      }
    }
    return files;
  }
}
