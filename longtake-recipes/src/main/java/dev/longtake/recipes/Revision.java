package dev.longtake.recipes;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Which version of the code is running, as far as version control knows. */
final class Revision {
  private static final int SECONDS = 5;

  private Revision() {}

  /** The commit checked out in the project's own folder; empty if there is none. */
  static String here() {
    return in(Path.of(System.getProperty("longtake.home", ".")));
  }

  /** The commit checked out in a folder; empty if there is none. */
  static String in(Path folder) {
    try {
      var git =
          new ProcessBuilder("git", "rev-parse", "--verify", "HEAD")
              .directory(folder.toFile())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      var text = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return git.waitFor(SECONDS, TimeUnit.SECONDS) && git.exitValue() == 0 ? text : "";
    } catch (IOException e) {
      return ""; // no git here
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }
}
