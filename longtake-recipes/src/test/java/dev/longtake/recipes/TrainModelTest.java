package dev.longtake.recipes;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.Manifest;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.media.VideoReader;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoGenerator;
import dev.longtake.rollout.VideoModel;
import dev.longtake.rollout.VideoRequest;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.train.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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
    assertThatThrownBy(() -> train(out, Map.of("model.name", "other")))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("which 'other' of stage from-nothing would replace");

    train(out, Map.of("model.sampling.steps", "3")); // not a size
    assertThat(ModelConfig.read(out).sampling().steps()).isEqualTo(3);
    assertThat(ModelConfig.read(out.resolve("model")).sampling().steps()).isEqualTo(3);
    assertThat(ModelConfig.read(out).vae().latentMean()).doesNotContain(0.0);
  }

  @Test
  void aRunThatTakesAFinishedAutoencoderSkipsThatStageAndSaysSo() throws Exception {
    var first = folder.resolve("first");
    train(first, Map.of());
    var given = first.resolve(TrainModel.MODEL_FOLDER);
    var from = Map.of("vae_from", given.toString());
    var out = folder.resolve("out");
    var ear = train(out, from);
    assertThat(ear.steps).contains("causal 3", "decoder 3").noneMatch(at -> at.startsWith("vae"));
    assertThat(ear.said).contains("autoencoder: taken from " + given + ", not trained");

    assertThat(ModelConfig.read(out).vae()).isEqualTo(ModelConfig.read(given).vae());
    try (var scope = Scope.open();
        var theirs = Safetensors.open(given.resolve(VideoModel.VAE));
        var ours = Safetensors.open(out.resolve(VideoModel.VAE))) {
      for (var name : theirs.names()) {
        boolean trained = name.startsWith("decoder.") || name.startsWith("conv2.");
        float[] now = ours.read(name).toFloats();
        assertThat(Arrays.equals(now, theirs.read(name).toFloats())).as(name).isEqualTo(!trained);
      }
    }
    var manifest = Manifest.read(out.resolve(TrainModel.MODEL_FOLDER));
    assertThat(manifest.data()).contains("autoencoder of " + given + ", sha256 ");
    assertThat(manifest.losses()).containsKey("causal.loss").doesNotContainKey("vae.loss");

    assertThat(train(out, from).steps).isEmpty();
    assertThatThrownBy(() -> train(out, Map.of()))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("vae.safetensors was taken from another model, and vae_from is ''");
    assertThatThrownBy(() -> train(first, from))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("vae.safetensors was trained there, and vae_from is '");
  }

  @Test
  void aTransformerIsTrainedFurtherFromAnotherModelsWeights() throws Exception {
    var first = folder.resolve("first");
    train(first, Map.of());
    var given = first.resolve(TrainModel.MODEL_FOLDER);
    var further =
        Map.of(
            "vae_from", given.toString(),
            "causal.from", given.toString(),
            "causal.training.rate.peak", "1e-12");
    var out = folder.resolve("out");
    train(out, further);
    try (var scope = Scope.open();
        var theirs = Safetensors.open(given.resolve(VideoModel.TRANSFORMER));
        var ours = Safetensors.open(out.resolve(VideoModel.TRANSFORMER))) {
      for (var name : theirs.names()) {
        // At such a rate they stay what they were.
        assertThat(ours.read(name)).as(name).isCloseTo(theirs.read(name).to(Dtype.FLOAT32), 1e-6);
      }
    }
    assertThat(Manifest.read(out.resolve(TrainModel.MODEL_FOLDER)).data())
        .contains("transformer begun with that of " + given + ", sha256 ");

    var otherLatents = Map.of("causal.from", given.toString(), "vae.training.seed", "9");
    refusedAtOnce(otherLatents, "causal.from: " + given + " knows its own autoencoder's latents");
    var otherSizes = Map.of("causal.from", given.toString(), "model.transformer.num_layers", "2");
    refusedAtOnce(otherSizes, "causal.from: " + given + " is of other sizes or latents");
    Files.delete(given.resolve(VideoModel.TEXT_ENCODER));
    refusedAtOnce(further, "lacks text_encoder.safetensors; let causal.from be");
  }

  @Test
  void aModelToBeginWithThatIsAbsentIsRefusedBeforeAnAutoencoderIsTrained() throws Exception {
    var none = folder.resolve("none").toString();
    refusedAtOnce(Map.of("causal.from", none), "causal.from: there is no folder '");
    refusedAtOnce(Map.of("vae_from", none), "vae_from: there is no folder '");
  }

  private void refusedAtOnce(Map<String, String> settings, String told) throws IOException {
    var ear = new Ear("");
    var run = TinyRun.with(folder, settings);
    assertThatThrownBy(
            () -> run.carryOut(place(folder.resolve("refused"), 9, ear, List.of(Device.CPU))))
        .hasMessageContaining(told)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
    assertThat(ear.said).isEmpty();
    assertThat(ear.steps).isEmpty();
  }

  @Test
  void openingsOfTheSameWorldsAreFilmedAndLearnt() throws Exception {
    var plain = folder.resolve("plain");
    train(plain, Map.of("causal.first", "1", "causal.filling", "0", "causal.forcing", "0"));
    var out = folder.resolve("out");
    var more =
        Map.of(
            "causal.first", "1",
            "causal.filling", "0",
            "causal.forcing", "0",
            "footage.openings", "3");
    var ear = train(out, more);
    int videos = TinyRun.with(folder, more).footage().videos();
    assertThat(ear.said)
        .contains("encoded " + videos + " of " + videos + " videos")
        .contains("encoded " + 3 * videos + " of " + 3 * videos + " videos");
    assertThat(models(out).get(VideoModel.TRANSFORMER))
        .isNotEqualTo(models(plain).get(VideoModel.TRANSFORMER));
  }

  @Test
  void anAutoencoderThatIsAbsentOrOfOtherSizesIsRefusedInOneLine() throws Exception {
    var out = folder.resolve("out");
    assertThatThrownBy(() -> train(out, Map.of("vae_from", folder.resolve("none").toString())))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("none")
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
    TinyRun.with(folder, Map.of("model.vae.dim", "8")).model().write(folder);
    assertThatThrownBy(() -> train(out, Map.of("vae_from", folder.toString())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("vae_from: the autoencoder of " + folder)
        .hasMessageContaining("other sizes than model.vae");
  }

  @Test
  void samplesAreMadeOnTheWayAndNothingOfTheRunDependsOnThem() throws Exception {
    var plain = folder.resolve("plain");
    train(plain, Map.of());
    var out = folder.resolve("out");
    var samples = "{every: 2, seconds: 0.75, prompts: [a brick room, a room]}";
    train(out, Map.of("causal.samples", samples, "causal.activations", "recomputed"));
    try (var list = Files.list(out.resolve(SampleVideos.FOLDER))) {
      assertThat(list.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "00000002-1.mp4",
              "00000002-1.png",
              "00000002-2.mp4",
              "00000002-2.png",
              "00000004-1.mp4",
              "00000004-1.png",
              "00000004-2.mp4",
              "00000004-2.png");
    }
    try (var scope = Scope.open()) { // for what FFmpeg makes
      var video = VideoReader.probe(out.resolve("samples/00000004-2.mp4"));
      assertThat(video.frames()).isEqualTo(12);
    }
    var file = VideoModel.TRANSFORMER;
    assertThat(models(out).get(file)).isEqualTo(models(plain).get(file));
  }

  @Test
  void samplesThatCannotBeMadeAreRefusedBeforeAnythingIsTrained() throws Exception {
    assertThatThrownBy(
            () -> train(folder, Map.of("causal.samples", "{every: 1, seconds: 1, prompts: []}")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("of no prompt; list some prompts");
    var endless = "a room ".repeat(50).strip();
    var samples = "{every: 1, seconds: 1, prompts: [" + endless + "]}";
    var ear = new Ear("");
    var run = TinyRun.with(folder, Map.of("causal.samples", samples));
    var out = folder.resolve("out");
    assertThatThrownBy(() -> run.carryOut(place(out, 9, ear, List.of(Device.CPU))))
        .isInstanceOf(IllegalArgumentException.class)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
    assertThat(ear.steps).isEmpty();
  }

  @Test
  void aDryRunTellsThePlanOfEveryStageAndLeavesNothing() throws Exception {
    var out = folder.resolve("out");
    var parent = Files.createDirectory(folder.resolve("temporary"));
    var ear = new Ear("");
    var run = TinyRun.with(folder, Map.of("causal.training.accumulate", "3"));
    var lines = new ArrayList<String>();
    DryRun.in(parent, run, place(out, 9, ear, List.of(Device.CPU, Device.CPU)), lines::add);
    assertThat(lines).hasSize(9);
    assertThat(lines.get(3))
        .startsWith(
            "causal: 4 steps, 6 batches of 24 latent frames a step, rate rising over 1 steps, 0.001 to");
    assertThat(lines.get(4)).contains(" numbers trained: weights ").contains(" MiB, gradients ");
    assertThat(lines.get(5)).startsWith("  one step of causal: loss ");
    assertThat(lines.getFirst()).startsWith("vae: 4 steps, 2 batches of 5 pictures a step");
    assertThat(ear.said)
        .noneMatch(text -> text.contains("stopped") || text.contains("model is in"));
    assertThat(lines.get(6)).startsWith("decoder: 4 steps");
    assertThat(out).doesNotExist();
    assertThat(parent).isEmptyDirectory();

    var broken = TinyRun.with(folder, Map.of("vae_from", folder.resolve("none").toString()));
    assertThatThrownBy(
            () -> DryRun.in(parent, broken, place(out, 9, ear, List.of(Device.CPU)), lines::add))
        .isInstanceOf(CheckpointException.class);
    assertThat(parent).isEmptyDirectory();
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
    return new Workplace(devices, out, 1, Ending.at(until), ear);
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
