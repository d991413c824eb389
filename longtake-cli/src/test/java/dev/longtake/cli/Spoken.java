package dev.longtake.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;

/**
 * What a command returned and said.
 *
 * @param code exit code
 * @param out standard output
 * @param err lines of standard error
 */
record Spoken(int code, String out, List<String> err) {

  /** Runs a command in this process. */
  static Spoken by(Object... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    var terminal = new Terminal(new PrintWriter(out), new PrintWriter(err), 0);
    var words = new String[arguments.length];
    for (int i = 0; i < words.length; i++) {
      words[i] = arguments[i].toString();
    }
    int code = Main.run(terminal, words);
    return new Spoken(code, out.toString(), err.toString().lines().toList());
  }
}
