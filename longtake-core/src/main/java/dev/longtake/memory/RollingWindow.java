package dev.longtake.memory;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What Rolling Forcing (arXiv 2509.25161) looks back at while it denoises several chunks together,
 * each a noise level behind the one before it. Such a window attends to
 *
 * <ul>
 *   <li>the sink, which stands right before whatever comes next,
 *   <li>as many of the latest clean frames as the window leaves room for,
 *   <li>the window itself,
 * </ul>
 *
 * <p>and the window's first chunk, once it is clean, is passed with the latest frames alone, as
 * under a {@link SlidingWindow}. But for the sink all stand at their frame numbers. It decides once
 * for all layers, yet makes two plans a chunk, so it is no {@link MemoryPolicy}.
 *
 * @param sink first latent frames of the video, never dropped; at least 0
 * @param frames latent frames attended in all, sink and window included; more than the sink
 */
public record RollingWindow(int sink, int frames) implements Memory {

  /** Refuses windows that the sink would fill. */
  public RollingWindow {
    Windows.check(sink, frames);
  }

  @Override
  public int capacity() {
    return frames;
  }

  @Override
  public void requireRoom(int chunkFrames) {
    Windows.checkChunk(chunkFrames);
    if (sink + chunkFrames > frames) {
      throw new IllegalArgumentException(
          "rolling-forcing attends "
              + frames
              + " frames in all, and a window of "
              + chunkFrames
              + " has no room beside a sink of "
              + sink
              + "; make frames at least "
              + (sink + chunkFrames)
              + ", or have fewer steps");
    }
  }

  @Override
  public String spec() {
    return "rolling-forcing:sink=" + sink + ",frames=" + frames;
  }

  /**
   * What a window of chunks attends to that are denoised together.
   *
   * @param held numbers of the frames held, increasing
   * @param first number of the window's first frame, past all that is held
   * @param length latent frames of the window
   */
  Plan window(List<Integer> held, int first, int length) {
    requireRoom(length);
    var start = held.stream().filter(this::inSink).toList();
    var rest = held.stream().filter(frame -> !inSink(frame)).toList();
    var latest = rest.subList(Math.max(0, rest.size() - (frames - sink - length)), rest.size());
    int next = latest.isEmpty() ? first : latest.getFirst();
    return plan(
        Stream.concat(start.stream(), latest.stream()).toList(),
        IntStream.concat(
            IntStream.range(next - start.size(), next),
            latest.stream().mapToInt(Integer::intValue)),
        first,
        length);
  }

  /**
   * What a clean chunk attends to as it is passed to be remembered.
   *
   * @param held numbers of the frames held, increasing
   * @param first number of the chunk's first frame
   * @param length latent frames of the chunk
   */
  Plan update(List<Integer> held, int first, int length) {
    requireRoom(length);
    var latest = held.stream().filter(frame -> frame >= first + length - frames).toList();
    return plan(latest, latest.stream().mapToInt(Integer::intValue), first, length);
  }

  /**
   * Whether a frame will be attended again.
   *
   * @param next number of the next chunk's first frame
   * @param length latent frames of that chunk
   */
  boolean keeps(int frame, int next, int length) {
    return inSink(frame) || frame >= next + length - frames;
  }

  private boolean inSink(int frame) {
    return frame < sink;
  }

  private Plan plan(List<Integer> past, IntStream positions, int first, int length) {
    return new Plan(
        past.stream().map(f -> new Slot(f, inSink(f) ? Region.SINK : Region.FAST)).toList(),
        positions.toArray(),
        IntStream.range(first, first + length).toArray());
  }
}
