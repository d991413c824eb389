package dev.longtake.memory;

import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/**
 * Slow-Fast Memory as the code released with Context Forcing (arXiv 2602.06028) has it, for weights
 * that were trained with that code. It differs from the paper's, {@link SlowFast}, in what it
 * decides, when, and for whom:
 *
 * <ul>
 *   <li>Each layer decides for itself, in each pass, so layers hold different frames.
 *   <li>A pass is compared with the layer's pass before it: the first, noisy one of a chunk with
 *       the clean one of the chunk before, every other with the noisier one of the same chunk.
 *   <li>The first pass of a chunk that falls below the threshold saves its keys and values, noise
 *       and all; the clean pass does not replace them.
 *   <li>From the third chunk on keyframes take slow slots, one after the other from the first.
 *       Until its turn comes, a slow slot holds what it held when the video began: frame 3 in slot
 *       3, frame 14 in slot 14. Once all are keyframes, the oldest goes.
 *   <li>A keyframe stands in slow and in fast memory at once, in two versions.
 * </ul>
 *
 * <p>Positions: the sink from 0, everything else to the right, so that the newest frame stands at
 * {@code capacity − 1} once the memory is full. {@link ReleasedSlots} has the moves, {@link
 * ReleasedStore} the tensors.
 *
 * @param sink first latent frames of the video, never dropped; at least 0 and fewer than fast
 * @param slow latent frames of slow memory; at least 1
 * @param fast latent frames of fast memory, the chunk included
 * @param threshold cosine below which a pass is a surprise, −1 (never) to 2 (always)
 */
public record ReleasedSlowFast(int sink, int slow, int fast, double threshold) implements Memory {

  /** Refuses sizes and thresholds out of range. */
  public ReleasedSlowFast {
    if (sink < 0 || slow < 1 || fast <= sink) {
      throw new IllegalArgumentException(
          "sink "
              + sink
              + ", slow "
              + slow
              + ", fast "
              + fast
              + ": need sink >= 0, slow >= 1 and fast > sink; the released code has 3, 12 and 6");
    }
    SlowFast.checkThreshold(threshold);
  }

  @Override
  public int capacity() {
    return sink + slow + fast;
  }

  @Override
  public String spec() {
    return String.format(
        Locale.ROOT,
        "context-forcing-released:sink=%d,slow=%d,fast=%d,threshold=%s",
        sink,
        slow,
        fast,
        threshold);
  }

  /**
   * Whether a pass makes its first frame a keyframe.
   *
   * @param first number of the pass's first frame
   * @param likeness cosine between the mean raw key of this pass and that of the layer's pass
   *     before it; absent in a layer's very first pass
   */
  boolean surprises(int first, OptionalDouble likeness) {
    return first >= fast && (likeness.isEmpty() || likeness.getAsDouble() < threshold);
  }

  /**
   * Where the frames of a chunk stand in time.
   *
   * @param before latent frames before the chunk
   * @param chunk latent frames of the chunk
   */
  int[] chunkPositions(int before, int chunk) {
    int end = Math.min(before + chunk, capacity());
    return IntStream.range(Math.max(0, end - chunk), end).toArray();
  }

  @Override
  public void requireRoom(int frames) {
    Windows.checkChunk(frames);
    if (frames > fast) {
      throw new IllegalArgumentException(
          "fast memory of "
              + fast
              + " frames cannot hold a chunk of "
              + frames
              + "; make fast at least "
              + frames
              + " or the chunk smaller");
    }
  }
}
