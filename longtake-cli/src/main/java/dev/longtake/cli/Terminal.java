package dev.longtake.cli;

import java.io.PrintWriter;

/**
 * Where a command speaks.
 *
 * @param out results
 * @param err progress, warnings and errors
 * @param columns width of the terminal that {@code err} is shown on, 0 if it is none
 */
public record Terminal(PrintWriter out, PrintWriter err, int columns) {

  /**
   * This process's own. Java cannot tell whether standard error is a terminal, so the start script
   * says so in the property {@code longtake.columns}.
   */
  static Terminal system() {
    return new Terminal(
        new PrintWriter(System.out, true),
        new PrintWriter(System.err, true),
        Math.max(0, Integer.getInteger("longtake.columns", 0)));
  }

  /** Says one line beside the results; may be called from any thread. */
  void say(String line) {
    err.println("longtake: " + line);
    err.flush();
  }
}
