package dev.longtake.cli;

import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The {@code longtake} command. */
@Command(
    name = "longtake",
    mixinStandardHelpOptions = true,
    versionProvider = Software.class,
    description = "Long, consistent video from a prompt, and the training that makes it.",
    synopsisSubcommandLabel = "COMMAND",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:All went well.",
      "1:A server failed, a disk is full, or the fault is Longtake's.",
      "2:Something to put right: an option, a file, a folder, a model too large.",
      "130:Interrupted."
    },
    footer = {
      "",
      "Try: longtake generate \"a red cube in a brick room, the camera pans left\"",
      "Every command has its own --help."
    })
public final class Main implements Runnable {
  private final Terminal terminal;

  @Option(
      names = "--stacktrace",
      hidden = true,
      scope = ScopeType.INHERIT,
      description = "Shows where in the program an error arose.")
  private boolean stacktrace;

  private Main(Terminal terminal) {
    this.terminal = terminal;
  }

  /** Runs a command and ends the process with its exit code. */
  public static void main(String[] arguments) {
    System.exit(run(Terminal.system(), arguments));
  }

  /** Runs a command in this process and returns its exit code. */
  static int run(Terminal terminal, String... arguments) {
    var commandLine = commandLine(terminal);
    try {
      return commandLine.execute(arguments);
    } catch (Error e) { // picocli leaves these alone
      return new Failures(terminal).handle(e, commandLine);
    } finally {
      terminal.out().flush();
    }
  }

  /** The command with all its sub-commands; a new one is registered here. */
  static CommandLine commandLine(Terminal terminal) {
    var failures = new Failures(terminal);
    return new CommandLine(new Main(terminal))
        .addSubcommand(new GenerateCommand(terminal))
        .addSubcommand(new WorldCommand(terminal))
        .addSubcommand(new EncodeCommand(terminal))
        .addSubcommand(new TrainCommand(terminal))
        .addSubcommand(new EvalCommand(terminal))
        .addSubcommand(new BenchCommand(terminal))
        .addSubcommand(new DownloadCommand(terminal, System.getenv()))
        .addSubcommand(new InspectCommand(terminal))
        .addSubcommand(new ConvertCommand(terminal))
        .addSubcommand(new PackCommand(terminal))
        .registerConverter(Path.class, new GivenPath())
        .setOut(terminal.out())
        .setErr(terminal.err())
        .setExpandAtFiles(false) // a prompt may begin with an @
        .setParameterExceptionHandler(failures)
        .setExecutionExceptionHandler(failures);
  }

  /** Whether the user asked for stack traces. */
  boolean stacktrace() {
    return stacktrace;
  }

  /** Without a sub-command: says what there is. */
  @Override
  public void run() {
    commandLine(terminal).usage(terminal.out());
  }
}
