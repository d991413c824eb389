package dev.longtake.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.Manifest;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Device;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.train.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Runs that end early, and go on to what an undisturbed run would have become. */
@ExtendWith(LeakGuard.class)
class EndingTest {
  private static final Ending TIME_IS_UP = Ending.NEVER.after(Duration.ZERO);

  @TempDir Path folder;

  @Test
  void aRunWhoseTimeIsUpLeavesAModelAndGoesOnToTheSameWeights() throws Exception {
    var out = folder.resolve("out");
    var ear = timeIsUp(nothing(), out, "causal 1");
    // Told while step 1 is logged, it is noticed in the next.
    assertThat(ear.steps).endsWith("causal 1", "causal 2");
    assertThat(ear.said)
        .contains("stopped causal at step 3 of 4; the same command goes on from there")
        .last()
        .isEqualTo("the model is in " + out.resolve("model"));
    assertThat(Manifest.read(out.resolve("model")).step()).isEqualTo(3);

    timeIsUp(nothing(), out, "decoder 0");
    assertThat(Manifest.read(out.resolve("model")).step()).isEqualTo(4);
    assertEndsAsAnUndisturbedRun(nothing(), out);
  }

  @Test
  void aRunWhoseTimeIsUpInTheFirstStageLeavesNoModelAndGoesOnToTheSameWeights() throws Exception {
    var out = folder.resolve("out");
    var ear = timeIsUp(nothing(), out, "vae 0");
    assertThat(ear.said)
        .last()
        .isEqualTo("stopped vae at step 2 of 4; the same command goes on from there");
    assertThat(out.resolve("model")).doesNotExist();

    ear = timeIsUp(nothing(), out, "vae 3"); // finished, and no step of the transformer
    assertThat(ear.said).last().asString().startsWith("stopped causal at step 0 of 4; ");
    assertThat(out.resolve("model")).doesNotExist();
    assertEndsAsAnUndisturbedRun(nothing(), out);
  }

  @Test
  void aRunThatIsToldToLeaveOffSavesTheStepAndGoesOnToTheSameWeights() throws Exception {
    for (var stage : List.of("vae", "causal", "decoder")) {
      var out = folder.resolve(stage);
      var ear = leftOff(nothing(), out, stage + " 0");
      assertThat(ear.said).last().isEqualTo(stage + ": saved at step 2 of 4");
      assertThat(out.resolve("model")).doesNotExist();
      assertEndsAsAnUndisturbedRun(nothing(), out);
    }
  }

  @Test
  void nothingIsFilmedToTheEndOnceTheRunIsToldToLeaveOff() throws Exception {
    var asked = new AtomicBoolean();
    var ear = new Ear("vae 3", () -> asked.set(true)); // before the latents are measured
    assertThatThrownBy(() -> run(nothing(), folder, Ending.NEVER.orWhen(asked::get), ear))
        .isInstanceOf(CancellationException.class);
    assertThat(ear.said).noneMatch(text -> text.contains("encoded"));
  }

  @Test
  void nothingStaysInMemoryOfARunThatIsToldToLeaveOffWhileItFilmsOpenings() throws Exception {
    timeIsUp(nothing(), folder, "vae 3");
    var asked = new AtomicBoolean();
    var ear = new Ear("encoded 2 of 2 videos", () -> asked.set(true)); // the whole videos
    var run = TinyRun.with(folder, Map.of("footage.openings", "3"));
    assertThatThrownBy(() -> run(run, folder, Ending.NEVER.orWhen(asked::get), ear))
        .isInstanceOf(CancellationException.class);
    assertThat(ear.said).last().isEqualTo("encoded 2 of 2 videos");
  }

  @Test
  void aCheckpointIsMadeAModelWithoutFilmingOrTraining() throws Exception {
    var out = folder.resolve("out");
    leftOff(nothing(), out, "causal 0");
    var ear = new Ear("");
    run(nothing(), out, TIME_IS_UP, ear);
    assertThat(ear.steps).isEmpty();
    assertThat(ear.said)
        .noneMatch(text -> text.contains("filming"))
        .contains("stopped causal at step 2 of 4; the same command goes on from there");
    assertThat(Manifest.read(out.resolve("model")).step()).isEqualTo(2);

    run(nothing(), out, Ending.NEVER, new Ear(""));
    var last = out.resolve("causal/checkpoint-00000004.safetensors");
    Files.move(last, folder.resolve("aside")); // an earlier one, of which there is a later model
    run(nothing(), out, TIME_IS_UP, new Ear(""));
    assertThat(Manifest.read(out.resolve("model")).step()).isEqualTo(2);
  }

  @Test
  void otherKindsOfRunStopAndAreMadeModelsAlike() throws Exception {
    TinyFolder.model(folder.resolve("given"), 1);
    var run =
        TinyStages.read(
            folder, TinyStages.BACKBONE, Map.of("from", folder.resolve("given").toString()));
    var out = folder.resolve("out");
    var first = new Ear("");
    run(run, out, TIME_IS_UP, first);
    assertThat(first.said).last().asString().startsWith("stopped backbone at step 0 of 4; ");
    assertThat(out.resolve("model")).doesNotExist();

    assertThat(leftOff(run, out, "backbone 0").said)
        .last()
        .isEqualTo("backbone: saved at step 2 of 4");
    run(run, out, TIME_IS_UP, new Ear(""));
    assertThat(Manifest.read(out.resolve("model")).step()).isEqualTo(2);
    assertEndsAsAnUndisturbedRun(run, out);
  }

  @Test
  void anOutputFolderThatIsAFileIsRefusedInOneLine() throws Exception {
    var file = Files.createFile(folder.resolve("file"));
    assertThatThrownBy(() -> run(nothing(), file, Ending.NEVER, new Ear("")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the output folder " + file + " is a file; give another --out");
    assertThatThrownBy(() -> run(nothing(), file.resolve("x"), Ending.NEVER, new Ear("")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cannot be made (")
        .hasMessageContaining("give another --out");
  }

  @Test
  void whatStandsInTheWayOfAStagesFolderIsToldInOneLine() throws Exception {
    Files.createFile(folder.resolve("vae"));
    assertThatThrownBy(() -> run(nothing(), folder, Ending.NEVER, new Ear("")))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("cannot be made")
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }

  private TrainingRun nothing() throws IOException {
    return TinyRun.with(folder, Map.of());
  }

  private Ear timeIsUp(Run run, Path out, String at) {
    var asked = new AtomicBoolean();
    var ear = new Ear(at, () -> asked.set(true));
    run(run, out, new Ending(Long.MAX_VALUE, asked::get, () -> false), ear);
    return ear;
  }

  private Ear leftOff(Run run, Path out, String at) {
    var asked = new AtomicBoolean();
    var ear = new Ear(at, () -> asked.set(true));
    assertThatThrownBy(() -> run(run, out, Ending.NEVER.orWhen(asked::get), ear))
        .isInstanceOf(CancellationException.class);
    return ear;
  }

  private void assertEndsAsAnUndisturbedRun(Run run, Path out) throws IOException {
    var straight = folder.resolve("straight");
    run(run, straight, Ending.NEVER, new Ear(""));
    run(run, out, Ending.NEVER, new Ear(""));
    for (var file : List.of(VideoModel.VAE, VideoModel.TRANSFORMER, VideoModel.TEXT_ENCODER)) {
      assertThat(out.resolve("model").resolve(file))
          .hasSameBinaryContentAs(straight.resolve("model").resolve(file));
    }
    assertThat(Manifest.read(out.resolve("model")).step()).isEqualTo(4);
  }

  private static void run(Run run, Path out, Ending ending, Ear ear) {
    run.carryOut(new Workplace(List.of(Device.CPU), out, 1, ending, ear));
  }
}
