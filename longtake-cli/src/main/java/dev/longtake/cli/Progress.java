package dev.longtake.cli;

import java.util.Locale;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/** Tells how far a video or another long work is. Used by one thread. */
sealed interface Progress extends AutoCloseable {

  /**
   * What is counted.
   *
   * @param word for many of them
   * @param size how many of the counted things are one of these
   */
  record Unit(String word, long size) {
    /** Pictures. */
    static final Unit FRAMES = new Unit("frames", 1);

    /** Bytes, told in millions. */
    static final Unit MEGABYTES = new Unit("MB", 1_000_000);
  }

  /** So many pictures or bytes are done, all in all; a picture may have yet to be decoded. */
  void reached(long count);

  /** Leaves the line. */
  @Override
  void close();

  /** A bar on a terminal; elsewhere, as in a log, a line every ten seconds. */
  static Progress of(Terminal terminal, long total, Unit unit) {
    return terminal.columns() > 0
        ? new Bar(terminal, total, unit)
        : new Lines(terminal, total, unit, System::nanoTime);
  }

  /** A bar that is drawn over and over, with rate and time left. */
  final class Bar implements Progress {
    private static final int REDRAWN_MILLIS = 500;

    private final Terminal terminal;
    private final ProgressBar bar;

    Bar(Terminal terminal, long total, Unit unit) {
      this.terminal = terminal;
      bar =
          new ProgressBarBuilder()
              .setTaskName("")
              .setInitialMax(total)
              .setUnit(" " + unit.word(), unit.size())
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(REDRAWN_MILLIS)
              .setConsumer(new OneLine(terminal))
              .showSpeed()
              .build();
    }

    @Override
    public void reached(long count) {
      bar.stepTo(count);
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
    private final Unit unit;
    private final LongSupplier nanos;
    private final long begun;
    private long said;

    /** With a clock that counts nanoseconds. */
    Lines(Terminal terminal, long total, Unit unit, LongSupplier nanos) {
      this.terminal = terminal;
      this.total = total;
      this.unit = unit;
      this.nanos = nanos;
      begun = nanos.getAsLong();
      said = begun;
    }

    @Override
    public void reached(long count) {
      long now = nanos.getAsLong();
      if (now - said < EVERY || count <= 0 || count >= total) {
        return;
      }
      said = now;
      double rate = count / ((now - begun) / 1e9);
      long left = Math.round((total - count) / rate);
      terminal.say(
          String.format(
              Locale.ROOT,
              "%d of %d %s, %.1f %s/s, %d:%02d left",
              count / unit.size(),
              total / unit.size(),
              unit.word(),
              rate / unit.size(),
              unit.word(),
              left / 60,
              left % 60));
    }

    @Override
    public void close() {}
  }
}
