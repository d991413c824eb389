package dev.longtake.memory;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToIntFunction;

/**
 * Slow-Fast Memory (Context Forcing, section 3.3): the first frames for good, the latest frames
 * without a gap, and between them single keyframes from further back. Positions are slots, 0 up to
 * the capacity (eq. 8), so the model never sees a position it was not trained on.
 *
 * <pre>
 *   sink 0..2 | slow 3..14 | fast 15..17 | chunk 18..20
 * </pre>
 *
 * <p>After the clean pass of every {@code interval}-th chunk, from the third on, its keys are
 * compared with those of the chunk before it. A similarity below the threshold (eq. 7) makes its
 * first frame a keyframe. The chunk and what remains of fast memory fill {@code fast} slots; when
 * the next chunk comes, the oldest frames leave them. Whatever leaves enters slow memory until that
 * is full ("Fill memory", figure 3); from then on only keyframes do, and another entry makes way.
 *
 * <p>Two things differ from the paper, and from the authors' code, which keeps each new keyframe in
 * slow and fast memory at once. Here a keyframe is marked where it stands and moves when it leaves
 * fast memory: no frame is attended twice, all slots are in time order and always used, and slow
 * memory reaches back {@code fast} frames further. And keys are always clean, one decision serving
 * all layers.
 *
 * @param sink first latent frames of the video, never dropped; at least 0
 * @param slow latent frames of slow memory; at least 1
 * @param fast latent frames of fast memory, the chunk included; more than a chunk has
 * @param threshold cosine below which a chunk is a surprise; from {@link #NEVER} to {@link #ALWAYS}
 * @param interval chunks from one decision to the next; at least 1. Chunks between decisions are
 *     not looked at: above 1, a cut may go unnoticed
 * @param eviction which entry of a full slow memory makes way
 */
public record SlowFast(
    int sink, int slow, int fast, double threshold, int interval, Eviction eviction)
    implements MemoryPolicy {
  /** The threshold that makes every chunk a surprise, so that the past is sampled evenly. */
  public static final double ALWAYS = 2;

  /** The threshold that makes none a surprise: slow memory stays the beginning of the video. */
  public static final double NEVER = -1;

  /** No decision before this chunk, counted from 0. */
  private static final int FIRST_DECISION = 2;

  /** Refuses sizes and thresholds out of range. */
  public SlowFast {
    if (sink < 0 || slow < 1 || fast < 2) {
      throw new IllegalArgumentException(
          "sink "
              + sink
              + ", slow "
              + slow
              + ", fast "
              + fast
              + ": need sink >= 0, slow >= 1 and fast >= 2; without slow memory use sink-window");
    }
    checkThreshold(threshold);
    if (interval < 1) {
      throw new IllegalArgumentException(
          "interval " + interval + " is below 1; 2 decides after every second chunk");
    }
  }

  static void checkThreshold(double threshold) {
    if (!(threshold >= NEVER && threshold <= ALWAYS)) {
      throw new IllegalArgumentException(
          "threshold " + threshold + " is outside -1 (never) to 2 (always); the paper has 0.95");
    }
  }

  @Override
  public int capacity() {
    return sink + slow + fast;
  }

  @Override
  public boolean comparesKeys() {
    return true;
  }

  @Override
  public Plan plan(Held held, int chunkFrames) {
    Windows.checkChunk(chunkFrames);
    if (chunkFrames >= fast) {
      throw new IllegalArgumentException(
          "fast memory of "
              + fast
              + " frames cannot hold a chunk of "
              + chunkFrames
              + " and frames before it; make fast at least "
              + (chunkFrames + 1)
              + " or the chunk smaller");
    }
    var latest = held.in(Region.FAST);
    int leaving = Math.max(0, latest.size() + chunkFrames - fast);
    var decided = held.evictions().iterator();
    var past = new ArrayList<>(held.in(Region.SINK));
    past.addAll(
        slowAfter(
            held.in(Region.SLOW),
            latest.subList(0, leaving),
            // Nothing is decided for frames of another policy: then first in, first out.
            slow -> decided.hasNext() ? decided.next() : slow.getFirst().frame()));
    past.addAll(latest.subList(leaving, latest.size()));
    return Positions.BY_SLOT.place(past, held, chunkFrames, capacity());
  }

  @Override
  public Held remember(Held held, Plan plan, KeySimilarity keys) {
    var next = held.with(plan, sink);
    var slots = new ArrayList<>(next.slots());
    if (surprises(held, plan, keys)) {
      slots.set(plan.past().size(), new Slot(held.frames(), Region.FAST, true));
    }
    return new Held(slots, next.frames(), next.chunks(), next.latest(), evictions(slots, keys));
  }

  @Override
  public String spec() {
    return String.format(
        Locale.ROOT,
        "slow-fast:sink=%d,slow=%d,fast=%d,threshold=%s,interval=%d,eviction=%s",
        sink,
        slow,
        fast,
        threshold,
        interval,
        PolicySpec.word(eviction));
  }

  /** Whether the chunk made with this plan is unlike the one before it (eq. 7). */
  private boolean surprises(Held held, Plan plan, KeySimilarity keys) {
    int first = held.frames();
    if (held.chunks() < FIRST_DECISION || held.chunks() % interval != 0 || first < sink) {
      return false;
    }
    // What is left of the chunk before: a longer chunk may have pushed out its beginning.
    int start = first;
    for (var slot : plan.past().reversed()) {
      if (slot.frame() == start - 1 && start > first - held.latest()) {
        start--;
      }
    }
    return start < first
        && similarity(
                keys,
                new FrameRange(start, first),
                new FrameRange(first, first + plan.chunkFrames()))
            < threshold;
  }

  /**
   * Who makes way as keyframes now in fast memory leave it. Decided here, where keys are at hand:
   * frames leave in order, whatever the size of the chunks that push them, so planning only has to
   * follow.
   */
  private List<Integer> evictions(List<Slot> slots, KeySimilarity keys) {
    var sinks = slots.stream().filter(slot -> slot.region() == Region.SINK).toList();
    var chosen = slots.stream().filter(slot -> slot.region() == Region.SLOW).toList();
    var latest = slots.stream().filter(slot -> slot.region() == Region.FAST).toList();
    var evictions = new ArrayList<Integer>();
    slowAfter(
        chosen,
        latest,
        crowded -> {
          evictions.add(eviction.choose(sinks, crowded, keys));
          return evictions.getLast();
        });
    return evictions;
  }

  /** Slow memory after frames have left fast memory, oldest first. */
  private List<Slot> slowAfter(
      List<Slot> before, List<Slot> leaving, ToIntFunction<List<Slot>> evicted) {
    var after = new ArrayList<>(before);
    for (var slot : leaving) {
      if (after.size() < slow || slot.keyframe()) {
        after.add(slot.in(Region.SLOW));
      }
      if (after.size() > slow) {
        int frame = evicted.applyAsInt(after);
        after.removeIf(entry -> entry.frame() == frame);
      }
    }
    return after;
  }

  static double similarity(KeySimilarity keys, FrameRange a, FrameRange b) {
    double similarity = keys.between(a, b);
    if (Double.isNaN(similarity)) {
      throw new IllegalArgumentException(
          "the keys of frames "
              + a
              + " and "
              + b
              + " have no similarity (NaN); the model's output is not finite");
    }
    return similarity;
  }
}
