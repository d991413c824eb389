package dev.longtake.cli;

import dev.longtake.media.Frame;
import dev.longtake.media.MediaException;
import dev.longtake.media.VideoFormat;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Takes pictures from where they are made, a chunk at a time, and records them until the video is
 * as long as asked for.
 *
 * @param frames pictures in all; the last chunk is cut to fit
 * @param format of the MP4
 * @param files to write
 * @param pictures folder for single pictures, if any
 * @param tags metadata of the MP4
 */
record Filming(
    long frames,
    VideoFormat format,
    OutputFiles files,
    Optional<Path> pictures,
    Map<String, String> tags) {

  /**
   * How it went.
   *
   * @param frames pictures recorded
   * @param seconds wall-clock time, encoding included
   * @param complete false if the process was told to stop
   */
  record Outcome(long frames, double seconds, boolean complete) {
    /** Pictures per second of wall-clock time. */
    double rate() {
      return frames / seconds;
    }
  }

  /**
   * Pictures that are there, or on their way.
   *
   * @param count how many, at least one
   * @param frames the pictures, once they are made
   */
  record Shot(int count, CompletableFuture<List<Frame>> frames) {
    /** Pictures that are there. */
    static Shot of(List<Frame> made) {
      return new Shot(made.size(), CompletableFuture.completedFuture(made));
    }

    /** No more than so many of them. */
    Shot atMost(long most) {
      int fewer = (int) Math.min(count, most);
      return new Shot(fewer, frames.thenApply(all -> all.subList(0, fewer)));
    }
  }

  /**
   * Runs to the end, or until the process is told to stop; then the part file stays.
   *
   * @param terminal where progress goes
   * @param shots makes the next pictures
   * @throws MediaException if the video cannot be written
   */
  Outcome run(Terminal terminal, Supplier<Shot> shots) {
    long begun = System.nanoTime();
    long made = 0;
    var recording = Recording.open(files, format, pictures, tags);
    try (var stop = Interruption.watch(terminal, () -> "stopped; " + recording.whereabouts());
        recording;
        var progress = Progress.of(terminal, frames, Progress.Unit.FRAMES)) {
      while (made < frames && !stop.requested()) {
        var shot = shots.get().atMost(frames - made);
        recording.add(shot.frames());
        made += shot.count();
        progress.reached(made);
      }
      if (made == frames) {
        recording.finish();
      }
    } catch (RuntimeException e) {
      if (recording.recorded() > 0 && !(e instanceof MediaException)) { // that says so itself
        terminal.say(recording.whereabouts());
      }
      throw e;
    }
    return new Outcome(made, (System.nanoTime() - begun) / 1e9, made == frames);
  }
}
