package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;

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
          "--arithmetic --device --dtype --format --help --memory --model --out --prompt"
              + " --random-weights --runs --seconds --seed"
              + " --stacktrace --text-encoder --threads --version --warmup -V -h -o",
          "generate",
          "--arithmetic --continue --device --dtype --frames-dir --guidance --help --json --memory --model"
              + " --no-metadata --num_output_frames --on-switch --out --prompts --seconds --seed"
              + " --stacktrace --steps --text-encoder --threads --version -V -h -o",
          "world",
          "--caption-only --held-out --help --out --seconds --seed --size --stacktrace --version"
              + " -V -h -o");

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
    return longtake.getSubcommands().get(command).getCommandSpec().options().stream()
        .flatMap(option -> Arrays.stream(option.names()))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> setOf(String words) {
    return new TreeSet<>(Arrays.asList(words.split(" ")));
  }
}
