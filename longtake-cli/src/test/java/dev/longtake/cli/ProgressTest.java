package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What is said while a video is being made. */
class ProgressTest {
  private final StringWriter err = new StringWriter();

  @Test
  void aLogGetsALineEveryTenSeconds() {
    var clock = new AtomicLong(5_000_000_000L);
    var progress = new Progress.Lines(terminal(0), 960, Progress.Unit.FRAMES, clock::get);
    for (int second = 1; second <= 25; second++) {
      clock.addAndGet(1_000_000_000L);
      progress.reached(12L * second);
    }
    progress.close();

    assertThat(err.toString().lines())
        .containsExactly(
            "longtake: 120 of 960 frames, 12.0 frames/s, 1:10 left",
            "longtake: 240 of 960 frames, 12.0 frames/s, 1:00 left");
  }

  @Test
  void aTerminalGetsABarThatFitsIt() {
    try (var progress = Progress.of(terminal(70), 32, Progress.Unit.FRAMES)) {
      progress.reached(32);
    }

    assertThat(err.toString()).contains("32/32 frames").contains("\r").endsWith("\n");
    assertThat(err.toString().strip().split("\r")).allMatch(line -> line.length() < 70);
  }

  @Test
  void bytesAreToldInMillions() {
    var clock = new AtomicLong();
    var progress = new Progress.Lines(terminal(0), 90_000_000, Progress.Unit.MEGABYTES, clock::get);
    clock.addAndGet(10_000_000_000L);
    progress.reached(30_000_000);

    assertThat(err.toString().strip()).isEqualTo("longtake: 30 of 90 MB, 3.0 MB/s, 0:20 left");
  }

  @Test
  void elsewhereNothingIsDrawn() {
    try (var progress = Progress.of(terminal(0), 32, Progress.Unit.FRAMES)) {
      progress.reached(32);
    }

    assertThat(err.toString()).isEmpty();
  }

  private Terminal terminal(int columns) {
    return new Terminal(new PrintWriter(new StringWriter()), new PrintWriter(err), columns);
  }
}
