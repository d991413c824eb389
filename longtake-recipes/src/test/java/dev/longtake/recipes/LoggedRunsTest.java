package dev.longtake.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.eval.LossCurve;
import dev.longtake.eval.TrainingLosses;
import dev.longtake.tensor.Device;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.train.EventFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakGuard.class)
class LoggedRunsTest {
  private final List<String> said = new ArrayList<>();

  @TempDir Path folder;

  @Test
  void aRunThatWasKilledAndWentOnHasTheCurvesOfOneThatWasNot() throws Exception {
    var straight = folder.resolve("straight");
    var resumed = folder.resolve("resumed");
    killed(straight, "vae 3");
    killed(resumed, "vae 2"); // there is a checkpoint after step 1
    killed(resumed, "vae 3");

    var stages = read(straight, resumed);

    assertThat(stages).extracting(TrainingLosses.Stage::run).containsExactly("straight", "resumed");
    assertThat(stages).allMatch(stage -> stage.stage().equals("vae") && stage.steps() == 4);
    assertThat(stages.getFirst().losses())
        .extracting(LossCurve::tag)
        .startsWith("loss")
        .endsWith("grad_norm")
        .containsOnly("loss", "vae/l1", "vae/mse", "vae/kl", "grad_norm");
    assertThat(stages.get(1).losses()).hasSameElementsAs(stages.getFirst().losses());
    assertThat(stages)
        .extracting(TrainingLosses.Stage::resumed)
        .containsExactly(List.of(), List.of(1L));
    assertThat(said).isEmpty();
  }

  @Test
  void lossesComeBeforeNormsAndTheOnlyPartOfALossIsNotShownTwice() {
    log("run/causal-start", step(9, "flow", 0.5, 0.5, 3), step(19, "flow", 0.25, 0.25, 1));

    var stage = read(folder.resolve("run")).getFirst();

    assertThat(stage.losses()).extracting(LossCurve::tag).containsExactly("loss", "grad_norm");
    assertThat(stage.losses().getFirst().steps()).containsExactly(9L, 19L);
    assertThat(stage.losses().getFirst().values()).containsExactly(0.5f, 0.25f);
    assertThat(stage.steps()).isEqualTo(20);
    assertThat(stage.stepMilliseconds()).isEqualTo(2000);
  }

  @Test
  void aPartThatIsNotTheWholeLossIsShown() {
    log("run/causal", step(0, "causal/first", 0.5, 0.5, 1), step(1, "causal/full", 0.25, 0.25, 1));

    assertThat(read(folder.resolve("run")).getFirst().losses())
        .extracting(LossCurve::tag)
        .containsExactly("loss", "causal/first", "causal/full", "grad_norm");
  }

  @Test
  void aSingleStageMayBeGivenAndRunsOfOneNameAreToldApart() {
    log("a/out/vae", step(0, "vae/mse", 1, 1, 1));
    log("b/out/vae", step(0, "vae/mse", 1, 1, 1));
    var a = folder.resolve("a/out");

    assertThat(read(a.resolve("vae")))
        .extracting(TrainingLosses.Stage::run, TrainingLosses.Stage::stage)
        .containsExactly(org.assertj.core.groups.Tuple.tuple("out", "vae"));
    assertThat(read(a, folder.resolve("b/out"), a.resolve("../out")))
        .extracting(TrainingLosses.Stage::run)
        .containsExactly(a.toString(), folder.resolve("b/out").toString());
  }

  @Test
  void aFileThatIsCutShortIsToldAndReadToItsEnd() throws IOException {
    log("run/vae", step(0, "vae/mse", 1, 1, 1), step(1, "vae/mse", 1, 1, 1));
    var file = eventFile("run/vae");
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length - 20));

    assertThat(read(folder.resolve("run")).getFirst().steps()).isEqualTo(1);
    assertThat(said).containsExactly(file + " ends within an entry; those before it count");
  }

  @Test
  void whatHasLoggedNothingIsRefusedWithTheRemedy() throws IOException {
    log("begun/vae");
    for (var run :
        List.of(folder.resolve("begun"), Files.createDirectory(folder.resolve("empty")))) {
      assertThatThrownBy(() -> read(run))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              run
                  + " has no logged step, in no STAGE/tensorboard; give the folder that was --out"
                  + " of longtake train");
    }
    var file = Files.createFile(folder.resolve("file"));
    assertThatThrownBy(() -> read(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(file + " is no folder; give the folder that was --out of longtake train");
  }

  @Test
  void aRunThatHasLoggedNothingYetIsToldAndLeftOutBesideOthers() {
    log("begun/vae");
    log("run/vae", step(0, "vae/mse", 1, 1, 1));
    var begun = folder.resolve("begun");

    assertThat(read(begun, folder.resolve("run")))
        .extracting(TrainingLosses.Stage::run)
        .containsExactly("run");
    assertThat(said)
        .containsExactly(begun + " has no logged step, in no STAGE/tensorboard: left out");
  }

  @Test
  void aStageThatIsGivenBesideItsRunIsReadOnce() {
    log("run/vae", step(0, "vae/mse", 1, 1, 1));
    log("run/causal", step(0, "causal/full", 1, 1, 1));
    var run = folder.resolve("run");

    assertThat(read(run.resolve("vae"), run, run.resolve("causal")))
        .extracting(TrainingLosses.Stage::stage)
        .containsExactlyInAnyOrder("vae", "causal");
  }

  private List<TrainingLosses.Stage> read(Path... runs) {
    return LoggedRuns.read(List.of(runs), said::add).stages();
  }

  private void killed(Path out, String at) throws IOException {
    var run = TinyRun.with(folder, Map.of());
    var place = new Workplace(List.of(Device.CPU), out, 1, Ending.NEVER, new Ear(at));
    assertThatThrownBy(() -> run.carryOut(place)).hasMessage("killed at " + at);
  }

  private record Step(long number, Map<String, Double> values) {}

  private static Step step(long number, String part, double value, double loss, double seconds) {
    var values = new LinkedHashMap<String, Double>();
    values.put(part, value);
    values.put("grad_norm", 2.0);
    values.put("loss", loss);
    values.put("learning_rate", 1e-3);
    values.put("per iteration time", seconds);
    return new Step(number, values);
  }

  private void log(String stage, Step... steps) {
    try (var events = EventFile.in(folder.resolve(stage).resolve("tensorboard"))) {
      for (var step : steps) {
        events.scalars(step.number, step.values);
      }
    }
  }

  private Path eventFile(String stage) throws IOException {
    try (var files = Files.list(folder.resolve(stage).resolve("tensorboard"))) {
      return files.toList().getFirst();
    }
  }
}
