package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can be wrong before a run begins is said in one line that names file and key. */
class TrainCommandTest {
  private static final Path RUN = Path.of("..", "recipes", "longtake-mini.yaml");

  @TempDir private Path folder;

  @Test
  void anAbsentRunFileIsNamed() {
    refused(folder.resolve("absent.yaml"), "absent.yaml does not exist; see recipes/");
  }

  @Test
  void aMistypedSettingIsNamedWithTheNearestKey() {
    refused(
        RUN,
        "unknown key causal.training.setps; did you mean steps?",
        "--set",
        "causal.training.setps=4");
    refused(RUN, "causal.training.steps", "--set", "causal.training.steps=many");
  }

  @Test
  void anOutputFolderOfAnotherRunIsRefusedBeforeAnythingIsTrained() throws Exception {
    var checkpoints = Files.createDirectories(folder.resolve("causal"));
    Files.createFile(checkpoints.resolve("checkpoint-00000010.safetensors"));
    refused(RUN, "causal was trained on an autoencoder that is not finished");
  }

  @Test
  void untilMustBeAStep() {
    refused(RUN, "--until must be at least 1", "--until", "0");
  }

  private void refused(Path run, String told, String... more) {
    var arguments = new Object[6 + more.length];
    arguments[0] = "train";
    arguments[1] = run;
    arguments[2] = "--out";
    arguments[3] = folder;
    arguments[4] = "--device";
    arguments[5] = "cpu";
    System.arraycopy(more, 0, arguments, 6, more.length);
    var spoken = Spoken.by(arguments);
    assertThat(spoken.code()).as("%s", spoken.err()).isEqualTo(Failures.MISTAKE);
    assertThat(spoken.err()).hasSize(1).first().asString().contains(told);
  }
}
