package dev.longtake.cli;

import java.time.Duration;

/** A process that takes no notice of being told to stop. */
final class Stubborn {
  private Stubborn() {}

  /** Never ends of itself. */
  public static void main(String[] arguments) throws InterruptedException {
    try (var stop =
        Interruption.watch(Terminal.system(), Duration.ofMinutes(10), () -> "farewell")) {
      Terminal.system().say("begun");
      Thread.sleep(Duration.ofMinutes(10));
    }
  }
}
