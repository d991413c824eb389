package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.pretrained.Presets;
import java.io.PrintWriter;
import java.io.Writer;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What scripts rely on: names of commands and options change on purpose or not at all. */
class OptionsTest {
  private static final Map<String, String> FROZEN =
      Map.of(
          "bench",
          "--activations --arithmetic --checkpoint --decoder --device --dtype --ema"
              + " --format --help --lora"
              + " --lora-strength --memory --model --out --overlap --preset --prompt"
              + " --random-weights --replay --runs --seconds --seed --stacktrace --text-encoder"
              + " --threads --tiny-decoder --training --version --warmup -V -h -o",
          "encode",
          "--clips --delete-damaged --device --dtype --frames --help --model --out --resample"
              + " --stacktrace --threads --version -V -h -o",
          "eval losses",
          "--help --out --stacktrace --version -V -h -o",
          "generate",
          "--arithmetic --checkpoint --continue --decoder --device --dtype --ema --frames-dir --guidance --help"
              + " --json --lora --lora-strength --memory --model --no-metadata"
              + " --num_output_frames --on-switch --out --overlap --preset --prompts --replay --seconds"
              + " --seed --stacktrace --steps --text-encoder --threads --tiny-decoder --version -V"
              + " -h -o",
          "train",
          "--device --dry-run --help --minutes --out --set --stacktrace --threads --until --version"
              + " -V -h -o",
          "world",
          "--caption-only --held-out --help --out --seconds --seed --size --stacktrace --version"
              + " -V -h -o",
          "download",
          "--dry-run --exclude --force --help --include --mirror --out --retries --revision"
              + " --stacktrace --timeout --version -V -h -o",
          "inspect",
          "--help --json --match --stacktrace --tensors --version -V -h",
          "pack",
          "--checkpoint --ema --help --lora --lora-strength --preset --stacktrace --version -V -h",
          "convert",
          "--dtype --force --help --names --part --shard-size --stacktrace --unwrap --version -V"
              + " -h");

  private final CommandLine longtake =
      Main.commandLine(
          new Terminal(
              new PrintWriter(Writer.nullWriter()), new PrintWriter(Writer.nullWriter()), 0));

  @Test
  void optionsAreTheOnesThatWereAgreedOn() {
    FROZEN.forEach(
        (command, options) -> assertThat(options(command)).as(command).isEqualTo(setOf(options)));
  }

  @Test
  void everyOptionAndCommandIsDescribed() {
    longtake
        .getSubcommands()
        .forEach(
            (name, command) -> {
              var spec = command.getCommandSpec();
              assertThat(spec.usageMessage().description()).as(name).isNotEmpty();
              for (var option : spec.options()) {
                assertThat(String.join("", option.description()))
                    .as("%s %s", name, option.longestName())
                    .isNotBlank();
              }
              for (var parameter : spec.positionalParameters()) {
                assertThat(String.join("", parameter.description()))
                    .as("%s %s", name, parameter.paramLabel())
                    .isNotBlank();
              }
            });
  }

  @Test
  void helpGoesToStandardOutput() {
    var spoken = Spoken.by("generate", "--help");

    assertThat(spoken.code()).isZero();
    assertThat(spoken.out()).startsWith("Usage: longtake generate").contains("--memory=SPEC");
    assertThat(spoken.out()).doesNotContain("--stacktrace");
    assertThat(spoken.out()).contains(Presets.names());
    assertThat(spoken.err()).isEmpty();
  }

  @Test
  void withoutACommandTheCommandsAreListed() {
    var spoken = Spoken.by();

    assertThat(spoken.code()).isZero();
    assertThat(spoken.out()).contains("generate", "world", "bench");
  }

  @Test
  void theVersionIsOneOfTheSoftwareAndOneOfJava() {
    var spoken = Spoken.by("--version");

    assertThat(spoken.code()).isZero();
    assertThat(spoken.out().lines()).hasSize(2).first().asString().startsWith("longtake ");
  }

  private Set<String> options(String command) {
    var found = longtake;
    for (var word : command.split(" ")) {
      found = found.getSubcommands().get(word);
    }
    return found.getCommandSpec().options().stream()
        .flatMap(option -> Arrays.stream(option.names()))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> setOf(String words) {
    return new TreeSet<>(Arrays.asList(words.split(" ")));
  }
}
