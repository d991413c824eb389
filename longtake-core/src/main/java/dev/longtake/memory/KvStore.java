package dev.longtake.memory;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.Rotary;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Executes plans: holds raw keys and values of the frames a policy remembers, and turns the keys to
 * the positions a plan gives them.
 *
 * <p>Keys are kept before rotation, so a frame may stand anywhere. Rotation happens once per chunk,
 * not once per pass. What a pass attends to is the past of the plan and the pass's own keys:
 * nothing is written while a pass runs, so recomputing it gives the same result, and gradients
 * cannot leak through a cache that a later pass overwrites.
 *
 * <p>A chunk goes: {@link #begin}, any number of passes over {@link #layer}, a clean pass between
 * {@link #record} and {@link #commit}. Axes: B batch, L tokens, S past tokens, H heads, d head
 * width. Confined to one thread.
 */
public final class KvStore implements AutoCloseable {

  /**
   * The model's geometry.
   *
   * @param layers self-attention layers
   * @param rows patches per column of a frame
   * @param columns patches per row of a frame
   * @param headWidth d
   */
  public record Geometry(int layers, int rows, int columns, int headWidth) {
    int tokens() {
      return rows * columns;
    }
  }

  private final Geometry geometry;
  private final Device device;
  private final List<Layer> layers;
  private final MeanKeys meanKeys = new MeanKeys();
  private boolean recording;

  /** Empty. */
  public KvStore(Geometry geometry, Device device) {
    this.geometry = geometry;
    this.device = device;
    layers = IntStream.range(0, geometry.layers()).mapToObj(i -> new Layer()).toList();
  }

  /**
   * Drops every frame the plan does not attend, and turns the rest to the plan's positions. A pass
   * that was recorded and not committed is forgotten.
   *
   * @throws IllegalArgumentException if the plan attends a frame that is not held; nothing changes
   */
  public void begin(Plan plan) {
    var frames = plan.past().stream().map(Slot::frame).toList();
    for (int frame : frames) {
      if (!layers.getFirst().entries.containsKey(frame)) {
        throw new IllegalArgumentException(
            "the plan attends frame "
                + frame
                + ", which is not held; it was made for another"
                + " state: plan from this one");
      }
    }
    recording = false;
    meanKeys.keepOnly(frames);
    try (var scope = Scope.open()) {
      var rotary =
          frames.isEmpty()
              ? null
              : Rotary.at(
                  plan.pastPositions(),
                  geometry.rows(),
                  geometry.columns(),
                  geometry.headWidth(),
                  device);
      layers.forEach(layer -> layer.begin(frames, rotary));
    }
  }

  /** What one layer's queries see: the planned past, then the tokens of the pass. */
  public AttentionSpan layer(int index) {
    return layers.get(index);
  }

  /**
   * The planned past of every layer as it is now. It shares this store's memory, outlives what the
   * store does next, and is the caller's to close.
   */
  public KvPast past() {
    return KvPast.of(layers.stream().map(layer -> Optional.ofNullable(layer.past)).toList());
  }

  /**
   * Remembers the tokens of a recorded pass in one layer, as attending to them there would.
   *
   * @throws IllegalStateException outside of {@link #record} and {@link #commit}
   */
  public void keep(int layer, @Axes("B L H d") Tensor rawK, @Axes("B L H d") Tensor v) {
    if (!recording) {
      throw new IllegalStateException("keep comes after record");
    }
    layers.get(layer).keep(rawK, v);
  }

  /** From now to {@link #commit}, the keys and values of a pass are remembered. */
  public void record() {
    recording = true;
  }

  /** Until the next {@link #begin}, a pass sees its own tokens only. */
  public void forgetPast() {
    layers.forEach(Layer::dropPast);
  }

  /**
   * Takes in the frames of the recorded pass.
   *
   * @param frames their numbers since the video began, in the order of the pass
   * @param summarise whether mean keys are wanted, for {@link #similarity}
   * @throws IllegalStateException if no pass was recorded since {@link #begin}
   * @throws IllegalArgumentException if the pass had more frames or fewer
   */
  public void commit(List<Integer> frames, boolean summarise) {
    int passed = layers.getFirst().frames();
    if (frames.size() != passed) {
      throw new IllegalArgumentException(
          frames.size() + " numbers do not fit a pass of " + passed + " frames");
    }
    recording = false;
    if (summarise) {
      summarise(frames);
    }
    layers.forEach(layer -> layer.commit(frames));
  }

  /**
   * Takes in consecutive frames; see {@link #commit(List, boolean)}.
   *
   * @param firstFrame number of the first of them since the video began
   */
  public void commit(int firstFrame, boolean summarise) {
    int count = layers.getFirst().frames();
    commit(IntStream.range(firstFrame, firstFrame + count).boxed().toList(), summarise);
  }

  /**
   * Cosines of mean raw keys, over all layers and heads, of frames held or just committed (spec,
   * F.5; eq. 7 of the paper).
   */
  public KeySimilarity similarity() {
    return meanKeys;
  }

  /** The frames held, in order. */
  public List<Integer> frames() {
    return List.copyOf(layers.getFirst().entries.keySet());
  }

  /** Raw keys of one layer, all held frames joined in order; at least one must be held. */
  public @Axes("B S H d") Tensor keys(int layer) {
    return Tensor.cat(layers.get(layer).entries.values().stream().map(KeyValue::key).toList(), 1);
  }

  /** Values of one layer, all held frames joined in order; at least one must be held. */
  public @Axes("B S H d") Tensor values(int layer) {
    return Tensor.cat(layers.get(layer).entries.values().stream().map(KeyValue::value).toList(), 1);
  }

  private void summarise(List<Integer> numbers) {
    try (var scope = Scope.open()) {
      var means = new ArrayList<Tensor>();
      int frames = layers.getFirst().frames();
      for (var layer : layers) {
        var key = layer.pending().key();
        // The first of the batch decides for all.
        means.add(
            key.select(0, 0).reshape(frames, geometry.tokens(), -1).mean(1).reshape(frames, -1));
      }
      var all = Tensor.cat(means, 1);
      for (int i = 0; i < frames; i++) {
        meanKeys.put(numbers.get(i), all.select(0, i).toFloats());
      }
    }
  }

  @Override
  public void close() {
    layers.forEach(Layer::close);
  }

  private final class Layer implements AttentionSpan {
    private final TreeMap<Integer, KeyValue> entries = new TreeMap<>();
    private @Nullable KeyValue past; // rotated keys and values of the plan, [B, S, H, d]
    private @Nullable KeyValue pending; // raw keys and values of the recorded pass

    void begin(List<Integer> frames, @Nullable Rotary rotary) {
      entries
          .entrySet()
          .removeIf(
              held -> {
                boolean drop = !frames.contains(held.getKey());
                if (drop) {
                  held.getValue().close();
                }
                return drop;
              });
      dropPending();
      dropPast();
      if (rotary != null) {
        past = KeyValue.joined(frames.stream().map(entries::get).toList(), rotary);
      }
    }

    @Override
    public Tensor attend(Tensor q, Tensor k, Tensor rawK, Tensor v) {
      if (recording) {
        keep(rawK, v);
      }
      return past == null ? AttentionSpan.attend(q, k, v) : past.attendedBefore(q, k, v);
    }

    void keep(Tensor rawK, Tensor v) {
      dropPending();
      pending = KeyValue.copyOf(rawK, v);
    }

    KeyValue pending() {
      if (pending == null) {
        throw new IllegalStateException("no pass was recorded");
      }
      return pending;
    }

    int frames() {
      return (int) (pending().key().size(1) / geometry.tokens());
    }

    void commit(List<Integer> numbers) {
      var whole = pending();
      var recorded = KeyValue.byFrame(whole.key(), whole.value(), geometry.tokens());
      for (int i = 0; i < recorded.size(); i++) {
        var before = entries.put(numbers.get(i), recorded.get(i));
        if (before != null) {
          before.close();
        }
      }
      dropPending();
    }

    void dropPast() {
      if (past != null) {
        past.close();
        past = null;
      }
    }

    private void dropPending() {
      if (pending != null) {
        pending.close();
        pending = null;
      }
    }

    void close() {
      entries.values().forEach(KeyValue::close);
      entries.clear();
      dropPending();
      dropPast();
    }
  }
}
