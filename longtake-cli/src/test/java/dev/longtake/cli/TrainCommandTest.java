package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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

  @Test
  void minutesMustBeSomeOrNone() {
    for (var wrong : new String[] {"-1", "NaN", "1e9"}) {
      refused(RUN, "give 0 to 525600", "--minutes", wrong);
    }
  }

  @Test
  void anOutputFolderThatCannotBeOneIsNamed() throws Exception {
    var file = Files.createFile(folder.resolve("file"));
    refused(RUN, "is a file; give another --out", "--out", file.toString());
    refused(RUN, "cannot be made", "--out", file.resolve("inside").toString());
  }

  @Test
  void aRunWithoutTimeSaysWhereItStoppedAndNamesNoModel() throws Exception {
    var run = folder.resolve("small.yaml");
    Files.writeString(run, small());
    var out = folder.resolve("out");
    var spoken = Spoken.by("train", run, "--out", out, "--device", "cpu", "--minutes", "0");
    assertThat(spoken.code()).as("%s", spoken.err()).isEqualTo(Failures.NONE);
    assertThat(spoken.err())
        .last()
        .isEqualTo("longtake: stopped vae at step 0 of 5400; the same command goes on from there");
    assertThat(spoken.out()).isEmpty();
    assertThat(out.resolve("model")).doesNotExist();
  }

  @Test
  void aDryRunPrintsThePlanAndLeavesTheOutputFolderAlone() throws Exception {
    var out = folder.resolve("out");
    var run = folder.resolve("small.yaml");
    Files.writeString(run, small());
    var spoken =
        Spoken.by("train", run, "--out", out, "--device", "cpu", "--threads", "1", "--dry-run");
    assertThat(spoken.code()).as("%s", spoken.err()).isEqualTo(Failures.NONE);
    assertThat(spoken.out().lines())
        .hasSize(9)
        .anySatisfy(
            line ->
                assertThat(line).matches("vae: \\d+ steps, 1 batch of 5 pictures a step, rate.*"))
        .anySatisfy(line -> assertThat(line).contains(" numbers trained: weights "))
        .anySatisfy(line -> assertThat(line).startsWith("  one step of decoder: loss "));
    assertThat(spoken.err()).noneMatch(line -> line.contains("the model is in"));
    assertThat(spoken.err()).noneMatch(line -> line.contains("stopped"));
    assertThat(out).doesNotExist();
  }

  @Test
  void aSettingThatIsNoneIsToldInPlainWords() {
    refused(RUN, "--set takes KEY=VALUE, not batch", "--set", "batch");
    refused(RUN, "the setting '=5' names no key; give KEY=VALUE", "--set", "=5");
    refused(RUN, "a rate needs a finite peak", "--set", "causal.training.rate.peak=1e400");
  }

  /** The bundled model's run file, of tiny networks and pictures. */
  static String small() throws IOException {
    return Files.readString(RUN)
        .replaceFirst("width: 192, height: 128", "width: 32, height: 16")
        .replaceFirst(
            "dim: 256, ffn_dim: 704, freq_dim: 256, text_dim: 128, text_len: 48, in_dim: 16,"
                + " num_heads: 4, num_layers: 6",
            "dim: 16, ffn_dim: 16, freq_dim: 8, text_dim: 8, text_len: 48, in_dim: 16,"
                + " num_heads: 2, num_layers: 1")
        .replaceFirst("    dim: 16\n", "    dim: 4\n")
        .replaceFirst("multipliers: \\[1, 2, 4, 4]", "multipliers: [1, 1, 1, 1]")
        .replaceFirst("res_blocks: 2", "res_blocks: 1")
        .replaceFirst(
            "dim: 128, dim_attention: 128, dim_ffn: 256, heads: 4, layers: 2",
            "dim: 8, dim_attention: 8, dim_ffn: 8, heads: 2, layers: 1")
        .replaceAll("pictures: \\d+", "pictures: 5")
        .replaceAll("lengths: .*", "lengths: [5]")
        .replaceAll("columns: \\d+", "columns: 16")
        .replaceFirst("videos: 1800", "videos: 2");
  }

  private void refused(Path run, String told, String... more) {
    var arguments = new ArrayList<Object>(List.of("train", run, "--device", "cpu"));
    arguments.addAll(List.of(more));
    if (!arguments.contains("--out")) {
      arguments.addAll(List.of("--out", folder));
    }
    var spoken = Spoken.by(arguments.toArray());
    assertThat(spoken.code()).as("%s", spoken.err()).isEqualTo(Failures.MISTAKE);
    assertThat(spoken.err()).hasSize(1).first().asString().contains(told);
  }
}
