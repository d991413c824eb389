package dev.longtake.cli;

import dev.longtake.hub.Glob;
import dev.longtake.inspect.Contents;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code longtake inspect}: what a file or folder of weights holds. */
@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    versionProvider = Software.class,
    sortOptions = false,
    description = {
      "Says what a file or a folder of weights holds: its parts, which network each of them is, how"
          + " many numbers of which types, how much memory they need, and which preset runs them. It"
          + " reads headers, not"
          + " weights, and runs nothing that is in a file.",
      ""
    })
final class InspectCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Parameters(
      paramLabel = "PATH",
      description =
          "A safetensors file or its index, a torch.save archive (.pt, .pth), or a folder of them.")
  private Path path = Path.of("");

  @Option(
      names = "--tensors",
      description = "Lists every tensor, instead of one line for like ones of all blocks.")
  private boolean tensors;

  @Option(
      names = "--match",
      paramLabel = "GLOB",
      description =
          "Lists the tensors whose name matches, such as '*.self_attn.*'. * stands for anything.")
  private Optional<String> match = Optional.empty();

  @Option(names = "--json", description = "Prints JSON for programs.")
  private boolean json;

  InspectCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    var each = match.or(() -> tensors ? Optional.of("*") : Optional.empty()).map(Glob::new);
    var report = new InspectReport(path, Contents.of(path), each);
    if (json) {
      terminal.out().println(Json.text(report.json()));
    } else {
      report.lines().forEach(terminal.out()::println);
    }
    return Failures.NONE;
  }
}
