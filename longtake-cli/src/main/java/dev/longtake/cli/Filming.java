package dev.longtake.cli;

import dev.longtake.media.Frame;
import dev.longtake.media.MediaException;
import dev.longtake.media.VideoFormat;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Takes chunks of pictures from where they are made, and records them until the video is as long as
 * asked for.
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
   * Runs to the end, or until the process is told to stop; then the part file stays.
   *
   * @param terminal where progress goes
   * @param chunks makes the next pictures, at least one
   * @throws MediaException if the video cannot be written
   */
  Outcome run(Terminal terminal, Supplier<List<Frame>> chunks) {
    long begun = System.nanoTime();
    long made = 0;
    var recording = Recording.open(files, format, pictures, tags);
    try (var stop = Interruption.watch(terminal, () -> "stopped; " + recording.whereabouts());
        recording;
        var progress = Progress.of(terminal, frames, Progress.Unit.FRAMES)) {
      while (made < frames && !stop.requested()) {
        var chunk = chunks.get();
        chunk = chunk.subList(0, (int) Math.min(chunk.size(), frames - made));
        recording.add(chunk);
        made += chunk.size();
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
