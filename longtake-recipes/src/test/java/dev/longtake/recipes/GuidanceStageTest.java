package dev.longtake.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.Manifest;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.ModelConfig.SamplerKind;
import dev.longtake.rollout.Recall;
import dev.longtake.rollout.Unconditional;
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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakGuard.class)
class GuidanceStageTest {
  private static final Path CHECKPOINT =
      Path.of("guidance-distillation", "checkpoint-00000004.safetensors");

  @TempDir Path folder;
  private Path model = Path.of("");

  @BeforeEach
  void write() throws IOException {
    model = TinyFolder.model(folder.resolve("given"), 1);
  }

  @Test
  void theModelThatIsLeftIsSampledInFewStepsWithoutGuidanceAndIsElseWhatItWas() throws Exception {
    var out = folder.resolve("out");
    var ear = guided(out, Map.of());
    assertThat(ear.steps).hasSize(4).contains("guidance-distillation 3");
    assertThat(ear.tags).contains("loss").anyMatch(tag -> tag.startsWith("causal/"));

    var made = out.resolve(TrainModel.MODEL_FOLDER);
    var before = ModelConfig.read(model);
    assertThat(ModelConfig.read(made))
        .isEqualTo(
            before
                .named("tiny-guided")
                .sampled(new ModelConfig.Sampling(SamplerKind.FEW_STEP, 2, 3, 1)));
    assertThat(before.recall()).isEqualTo(Recall.RECOMPUTED);
    for (var same : List.of(VideoModel.VAE, VideoModel.TEXT_ENCODER, VideoModel.TOKENIZER)) {
      assertThat(made.resolve(same)).hasSameBinaryContentAs(model.resolve(same));
    }
    assertThat(Files.readAllBytes(made.resolve(VideoModel.TRANSFORMER)))
        .isNotEqualTo(Files.readAllBytes(model.resolve(VideoModel.TRANSFORMER)));
    var manifest = Manifest.read(made);
    assertThat(manifest.step()).isEqualTo(4);
    assertThat(manifest.config())
        .containsEntry("stage", "guidance-distillation")
        .containsEntry("guidance", 3.0);
    assertThat(manifest.losses()).containsKey("guidance-distillation.loss");

    try (var opened = VideoModel.open(made, Device.CPU, Dtype.FLOAT32);
        var video =
            VideoGenerator.start(opened, VideoRequest.of(opened.config(), "a brick room"))) {
      assertThat(video.next().frames()).hasSize(9);
      assertThat(video.next().frames()).hasSize(12);
    }
  }

  @Test
  void stage1BeginsWithTheModelThatIsLeft() throws Exception {
    guided(folder.resolve("out"), Map.of());
    var made = folder.resolve("out").resolve(TrainModel.MODEL_FOLDER);
    var file = Path.of("..", "recipes", "longtake-mini-stage1.yaml");
    var settings =
        Map.ofEntries(
            Map.entry("student.from", made.toString()),
            Map.entry("student.memory", "slow-fast:sink=3,slow=3,fast=6"),
            Map.entry("student.sampling.steps", "2"),
            Map.entry("matching.earliest_exit", "0"),
            Map.entry("teacher.from", model.toString()),
            Map.entry("worlds", "5"),
            Map.entry("matching.prompts", "2"),
            Map.entry("matching.guidance", "3"),
            Map.entry("matching.lengths", "{from: 6, to: 6, every: 3, over: 1}"),
            Map.entry("matching.window", "6"),
            Map.entry("training.steps", "1"),
            Map.entry("training.generator_every", "1"),
            Map.entry("training.ema_from", "0"),
            Map.entry("training.log_every", "1"),
            Map.entry("training.save_every", "1"));
    var next = folder.resolve("stage1");
    assertThat(TinyStages.run(RunFiles.read(file, settings), next).steps)
        .containsExactly("local-dmd 0");
    assertThat(
            Files.readAllBytes(
                next.resolve(TrainModel.MODEL_FOLDER).resolve(VideoModel.TRANSFORMER)))
        .isNotEqualTo(Files.readAllBytes(made.resolve(VideoModel.TRANSFORMER)));
  }

  @Test
  void aRunThatWasKilledGoesOnToTheSameWeightsAndOnlyUnderTheSameTeacher() throws Exception {
    guided(folder.resolve("straight"), Map.of());
    var broken = folder.resolve("broken");
    assertThatThrownBy(
            () ->
                TinyStages.run(
                    run(Map.of()), broken, "guidance-distillation 2", List.of(Device.CPU)))
        .hasMessage("killed at guidance-distillation 2");

    var right = Files.readAllBytes(model.resolve(VideoModel.TRANSFORMER));
    TinyFolder.transformer(model, 2);
    assertThatThrownBy(() -> guided(broken, Map.of()))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("the checkpoint's student was taught by other weights than")
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
    Files.write(model.resolve(VideoModel.TRANSFORMER), right);

    assertThat(guided(broken, Map.of()).steps)
        .containsExactly("guidance-distillation 2", "guidance-distillation 3");
    assertThat(broken.resolve(CHECKPOINT))
        .hasSameBinaryContentAs(folder.resolve("straight").resolve(CHECKPOINT));
    var again = guided(broken, Map.of());
    assertThat(again.steps).isEmpty();
    assertThat(again.said).noneMatch(text -> text.contains("filming"));
  }

  @Test
  void layersThatAreRunAgainGoingBackwardsGiveTheSameWeights() throws Exception {
    guided(folder.resolve("kept"), Map.of());
    guided(folder.resolve("again"), Map.of("activations", "recomputed"));
    assertThat(folder.resolve("again").resolve(CHECKPOINT))
        .hasSameBinaryContentAs(folder.resolve("kept").resolve(CHECKPOINT));
  }

  @Test
  void theScaleOfGuidanceIsWhatIsLearnt() throws Exception {
    guided(folder.resolve("much"), Map.of());
    guided(folder.resolve("little"), Map.of("guidance", "1.5"));
    assertThat(Files.readAllBytes(folder.resolve("little").resolve(CHECKPOINT)))
        .isNotEqualTo(Files.readAllBytes(folder.resolve("much").resolve(CHECKPOINT)));
  }

  @Test
  void aRunSharedByTwoDevicesIsRepeatable() throws Exception {
    var pair = List.of(Device.CPU, Device.CPU);
    TinyStages.run(run(Map.of()), folder.resolve("first"), "", pair);
    TinyStages.run(run(Map.of()), folder.resolve("second"), "", pair);
    assertThat(folder.resolve("second").resolve(CHECKPOINT))
        .hasSameBinaryContentAs(folder.resolve("first").resolve(CHECKPOINT));
    guided(folder.resolve("alone"), Map.of());
    assertThat(Files.readAllBytes(folder.resolve("alone").resolve(CHECKPOINT)))
        .isNotEqualTo(Files.readAllBytes(folder.resolve("first").resolve(CHECKPOINT)));
  }

  @Test
  void anAdapterMayLearnTheGuidance() throws Exception {
    var out = folder.resolve("out");
    guided(out, Map.of("adapter", "{rank: 2, alpha: 2, targets: [q, v]}"));
    assertThat(out.resolve("adapter").resolve("adapter_model.safetensors")).isNotEmptyFile();
    assertThat(out.resolve(TrainModel.MODEL_FOLDER).resolve(VideoModel.TRANSFORMER))
        .isNotEmptyFile();
  }

  @Test
  void aTrialFilmsFewWorldsAndLeavesNothing() throws Exception {
    var ear = new Ear("");
    var place = new Workplace(List.of(Device.CPU), folder.resolve("out"), 1, Ending.NEVER, ear);
    var told = new ArrayList<String>();
    DryRun.in(folder, run(Map.of("footage.videos", "100000")), place, told::add);
    assertThat(ear.said).contains("filming and encoding 16 worlds");
    assertThat(told.getFirst())
        .startsWith("guidance-distillation: 4 steps, 1 batch of 24 latent frames a step");
    assertThat(told.getLast()).startsWith("  one step of guidance-distillation: loss ");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void whatCannotBeLearntIsRefusedInOneLineBeforeAnythingIsMade() throws Exception {
    refused(Map.of("guidance", "0.5"), "guidance must be at least 1, not 0.5");
    refused(
        Map.of("sampling.guidance", "3"),
        "sampling.guidance is 3.0, but the model that is left has its guidance in it; make it 1");
    refused(Map.of("objective.prompt_dropout", "0.1"), "unknown key objective.prompt_dropout");
    refused(Map.of("objective.draws", "0"), "draws of at least 1");
    refused(Map.of("footage.latent_frames", "3"), "footage of 3 latent frames is too short");
    refused(Map.of("footage.memories", "[longlive]"), "cannot share a batch");
    refused(Map.of("first", "0.9"), "add up to at most 1");
    refused(Map.of("dtype", "int64"), "dtype must be a real one");
    assertThatThrownBy(() -> guided(folder.resolve("out"), Map.of("from", "nowhere")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("from: there is no folder 'nowhere'");
    assertThatThrownBy(
            () ->
                TinyStages.run(
                    run(Map.of("footage.videos", "1")),
                    folder.resolve("out"),
                    "",
                    List.of(Device.CPU, Device.CPU)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("footage.videos is 1, but each of 2 devices needs one; give more");
    ModelConfig.read(model).withUnconditional(Unconditional.PROMPT, "").write(model);
    refused(Map.of(), "leads away from a prompt (unconditional), and this stage from zeros");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  private void refused(Map<String, String> settings, String because) {
    assertThatThrownBy(() -> guided(folder.resolve("out"), settings))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(because)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }

  private Ear guided(Path out, Map<String, String> settings) throws IOException {
    return TinyStages.run(run(settings), out);
  }

  private Run run(Map<String, String> settings) throws IOException {
    return TinyStages.read(folder, TinyStages.GUIDANCE.replace("FROM", model.toString()), settings);
  }
}
