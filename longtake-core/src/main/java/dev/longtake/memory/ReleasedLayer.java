package dev.longtake.memory;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.Rotary;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One layer of a {@link ReleasedStore}: its slots as tensors, and what its latest pass was like.
 */
final class ReleasedLayer implements AttentionSpan, AutoCloseable {

  /** One frame as one pass saw it. */
  record Entry(int frame, KeyValue raw) {}

  /**
   * The layer at one moment.
   *
   * @param means raw key of the layer's latest pass, averaged over its tokens, for each of the
   *     batch; none before the first pass
   */
  private record State(ReleasedSlots<Entry> slots, List<double[]> means) {}

  /** Keys turned to the positions of their slots, good for as long as neither changes. */
  private record Past(List<Entry> entries, int[] positions, KeyValue turned) {}

  private final ReleasedSlowFast memory;
  private final KvStore.Geometry geometry;
  private final Device device;
  private State kept;
  private State written;
  private @Nullable Past past;

  ReleasedLayer(ReleasedSlowFast memory, KvStore.Geometry geometry, Device device) {
    this.memory = memory;
    this.geometry = geometry;
    this.device = device;
    kept = new State(ReleasedSlots.empty(memory), List.of());
    written = kept;
  }

  /** The slots before the chunk that is being passed. */
  ReleasedSlots<Entry> kept() {
    return kept.slots;
  }

  /** The slots after the latest pass. */
  ReleasedSlots<Entry> written() {
    return written.slots;
  }

  /** Writes the pass to the slots, deciding on the way, and attends to what they then hold. */
  @Override
  public Tensor attend(Tensor q, Tensor k, Tensor rawK, Tensor v) {
    int first = kept.slots.frames();
    var means = meanKeys(rawK);
    boolean surprise = memory.surprises(first, likeness(means, written.means));
    var block = block(first, rawK, v);
    write(new State(written.slots.pass(first, block, surprise), means));
    return attendAfterPast(q, k, v, written.slots.slots().size() - block.size());
  }

  @Override
  public AttentionSpan lasting(Consumer<Tensor> owner) {
    throw new IllegalStateException(
        "context-forcing-released writes while a pass runs, so a pass cannot be run again; train"
            + " with another memory, or without recomputation");
  }

  void commit() {
    closeAllBut(kept, written);
    kept = written;
  }

  void rewind() {
    closeAllBut(written, kept);
    written = kept;
  }

  void flush(int last) {
    rewind();
    write(new State(kept.slots.flushed(last), kept.means));
    commit();
  }

  private void write(State next) {
    closeAllBut(written, kept, next);
    written = next;
  }

  private Tensor attendAfterPast(Tensor q, Tensor k, Tensor v, int before) {
    if (before == 0) {
      return AttentionSpan.attend(q, k, v);
    }
    var entries = written.slots.slots().subList(0, before);
    int[] positions = Arrays.copyOf(written.slots.positions(), before);
    if (past == null
        || !past.entries.equals(entries)
        || !Arrays.equals(past.positions, positions)) {
      dropPast();
      past = new Past(entries, positions, turned(entries, positions));
    }
    return past.turned.attendedBefore(q, k, v);
  }

  private KeyValue turned(List<Entry> entries, int[] positions) {
    try (var scope = Scope.open()) {
      var rotary =
          Rotary.at(positions, geometry.rows(), geometry.columns(), geometry.headWidth(), device);
      return KeyValue.joined(entries.stream().map(Entry::raw).toList(), rotary);
    }
  }

  private List<Entry> block(int first, Tensor rawK, Tensor v) {
    var entries = new ArrayList<Entry>();
    for (var frame : KeyValue.byFrame(rawK, v, geometry.tokens())) {
      entries.add(new Entry(first + entries.size(), frame));
    }
    return entries;
  }

  private static List<double[]> meanKeys(@Axes("B L H d") Tensor rawK) {
    try (var scope = Scope.open()) {
      float[] all = rawK.detach().to(Dtype.FLOAT32).mean(1).toFloats();
      int width = all.length / Math.toIntExact(rawK.size(0));
      return IntStream.range(0, all.length / width)
          .mapToObj(b -> IntStream.range(b * width, (b + 1) * width))
          .map(range -> range.mapToDouble(i -> all[i]).toArray())
          .toList();
    }
  }

  /** The mean cosine over the batch, whose samples share the decision. */
  private static OptionalDouble likeness(List<double[]> means, List<double[]> before) {
    return IntStream.range(0, before.size())
        .mapToDouble(i -> MeanKeys.cosine(means.get(i), before.get(i)))
        .average();
  }

  private static void closeAllBut(State gone, State... staying) {
    var alive = new HashSet<Entry>();
    for (var state : staying) {
      alive.addAll(state.slots.slots());
    }
    new HashSet<>(gone.slots.slots())
        .stream().filter(entry -> !alive.contains(entry)).forEach(entry -> entry.raw.close());
  }

  private void dropPast() {
    if (past != null) {
      past.turned.close();
      past = null;
    }
  }

  @Override
  public void close() {
    rewind();
    closeAllBut(kept);
    dropPast();
  }
}
