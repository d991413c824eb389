package dev.longtake.cli;

import java.util.Locale;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/** Tells how far a video is. Used by one thread. */
sealed interface Progress extends AutoCloseable {

  /** So many pictures are made, or all but decoded. */
  void reached(long frames);

  /** Leaves the line. */
  @Override
  void close();

  /** A bar on a terminal; elsewhere, as in a log, a line every ten seconds. */
  static Progress of(Terminal terminal, long frames) {
    return terminal.columns() > 0
        ? new Bar(terminal, frames)
        : new Lines(terminal, frames, System::nanoTime);
  }

  /** A bar that is drawn over and over, with rate and time left. */
  final class Bar implements Progress {
    private static final int REDRAWN_MILLIS = 500;

    private final Terminal terminal;
    private final ProgressBar bar;

    Bar(Terminal terminal, long frames) {
      this.terminal = terminal;
      bar =
          new ProgressBarBuilder()
              .setTaskName("")
              .setInitialMax(frames)
              .setUnit(" frames", 1)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(REDRAWN_MILLIS)
              .setConsumer(new OneLine(terminal))
              .showSpeed()
              .build();
    }

    @Override
    public void reached(long frames) {
      bar.stepTo(frames);
    }

    @Override
    public void close() {
      bar.close();
      terminal.err().println(); // here, because a bar closed at once does not close its consumer
      terminal.err().flush();
    }
  }

  /**
   * Draws in place. The library's own console asks the terminal for its width, and to do so
   * installs signal handlers, which would end the process before anyone could say where the video
   * is.
   */
  record OneLine(Terminal terminal) implements ProgressBarConsumer {
    @Override
    public int getMaxRenderedLength() {
      return terminal.columns() - 1; // a full line would wrap
    }

    @Override
    public void accept(String rendered) {
      terminal.err().print("\r" + rendered);
      terminal.err().flush();
    }

    @Override
    public void close() {}
  }

  /** A plain line now and then. */
  final class Lines implements Progress {
    private static final long EVERY = 10_000_000_000L;

    private final Terminal terminal;
    private final long total;
    private final LongSupplier nanos;
    private final long begun;
    private long said;

    /** With a clock that counts nanoseconds. */
    Lines(Terminal terminal, long total, LongSupplier nanos) {
      this.terminal = terminal;
      this.total = total;
      this.nanos = nanos;
      begun = nanos.getAsLong();
      said = begun;
    }

    @Override
    public void reached(long frames) {
      long now = nanos.getAsLong();
      if (now - said < EVERY || frames <= 0 || frames >= total) {
        return;
      }
      said = now;
      double rate = frames / ((now - begun) / 1e9);
      long left = Math.round((total - frames) / rate);
      terminal.say(
          String.format(
              Locale.ROOT,
              "%d of %d frames, %.1f frames/s, %d:%02d left",
              frames,
              total,
              rate,
              left / 60,
              left % 60));
    }

    @Override
    public void close() {}
  }
}
