package dev.longtake.cli;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.eval.EvaluationException;
import dev.longtake.hub.HubException;
import dev.longtake.media.MediaException;
import dev.longtake.tensor.TensorException;
import dev.longtake.train.TrainingException;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Turns exceptions into one line and an exit code: {@value #MISTAKE} for what the user can put
 * right, {@value #FAULT} for what they did not cause, where the same command may succeed another
 * time.
 */
final class Failures implements IParameterExceptionHandler, IExecutionExceptionHandler {
  /** All went well. */
  static final int NONE = 0;

  /** Something that is not the user's doing: a server fails, the disk is full, a fault of ours. */
  static final int FAULT = 1;

  /** Something that the user can put right. */
  static final int MISTAKE = 2;

  /** What systems say when a disk takes or gives no more, wherever in a message it stands. */
  private static final Pattern DISK =
      Pattern.compile(
          "No space left on device|Disk quota exceeded|Input/output error"
              + "|There is not enough space on the disk");

  private final Terminal terminal;

  Failures(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public int handleParseException(ParameterException e, String[] arguments) {
    var command = e.getCommandLine();
    trace(e, command);
    var what = e instanceof UnmatchedArgumentException u ? unmatched(u) : picoclis(e);
    terminal.say(what + "; see " + command.getCommandSpec().qualifiedName() + " --help");
    return MISTAKE;
  }

  @Override
  public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) {
    return handle(e, command);
  }

  /** Says what happened. */
  int handle(Throwable e, CommandLine command) {
    trace(e, command);
    return switch (e) {
      case TensorException t when t.outOfMemory() -> {
        terminal.say(
            "out of memory: "
                + oneLine(t.getMessage())
                + "; give a shorter --memory, --dtype bfloat16 or --text-encoder passing");
        yield MISTAKE;
      }
      case IllegalArgumentException _,
          CheckpointException _,
          EvaluationException _,
          HubException _,
          MediaException _,
          TensorException _,
          TrainingException _ -> {
        var message = oneLine(e.getMessage());
        terminal.say(message);
        boolean server = e instanceof HubException hub && hub.fault();
        yield server || DISK.matcher(message).find() ? FAULT : MISTAKE;
      }
      case FreeSpace.NoRoomException _ -> {
        terminal.say(oneLine(e.getMessage()));
        yield FAULT;
      }
      case OutOfMemoryError _ -> {
        terminal.say("Java's heap is too small; set LONGTAKE_JAVA_OPTS=-Xmx4g, or more");
        yield FAULT;
      }
      default -> {
        terminal.say("unexpected " + oneLine(e.toString()) + "; run again with --stacktrace");
        yield FAULT;
      }
    };
  }

  private void trace(Throwable e, CommandLine command) {
    var root = command.getCommandSpec().root().userObject();
    if (root instanceof Main main && main.stacktrace()) {
      e.printStackTrace(terminal.err());
      terminal.err().flush();
    }
  }

  private static String unmatched(UnmatchedArgumentException e) {
    var first = e.getUnmatched().getFirst();
    var suggestions = e.getSuggestions();
    if (e.isUnknownOption()) {
      return "unknown option " + first + didYouMean(suggestions);
    }
    return e.getCommandLine().getSubcommands().isEmpty()
        ? "unexpected argument '" + first + "'; put what has spaces in it in quotes"
        : "unknown command '" + first + "'" + didYouMean(suggestions);
  }

  /** The library's messages begin like sentences and name Java's types; ours do not. */
  private static String picoclis(ParameterException e) {
    var message =
        oneLine(e.getMessage())
            .replaceFirst(" is not an? (int|long)$", " is not a whole number")
            .replaceFirst(" is not a double$", " is not a number")
            .replaceFirst(
                "^Value for .* '(.*)' \\(.*\\) should be in (.*) format but was ",
                "$1 takes $2, not ");
    return message.isEmpty()
        ? message
        : message.substring(0, 1).toLowerCase(Locale.ROOT) + message.substring(1);
  }

  private static String didYouMean(List<String> suggestions) {
    return suggestions.isEmpty()
        ? ""
        : "; did you mean " + suggestions.getFirst() + "?"; // the nearest comes first
  }

  /** A message on one line, harmless on a terminal. */
  static String oneLine(@Nullable String message) {
    return String.valueOf(message)
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .collect(Collectors.joining(" "))
        .codePoints()
        .map(c -> Character.isISOControl(c) ? '?' : c)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }
}
