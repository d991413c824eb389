package dev.longtake.eval;

/** Hears how far a measurement has come, from the thread that measures. */
@FunctionalInterface
public interface Reporter {
  /** Hears nothing. */
  Reporter SILENT = line -> {};

  /** One line for people, without a line break. */
  void say(String line);
}
