package dev.longtake.memory;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.FusedOps;
import dev.longtake.nn.Rotary;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Executes plans: holds raw keys and values of the frames a policy remembers, and turns the keys to
 * the positions a plan gives them.
 *
 * <p>Keys are kept before rotation, so a frame may stand anywhere. Rotation happens once per chunk,
 * not once per pass. What a pass attends to is the past of the plan and the pass's own keys:
 * nothing of the past is written while a pass runs, so recomputing it gives the same result, and
 * gradients cannot leak through a cache that a later pass overwrites.
 *
 * <p>Everything is held once, in the order of the plan, with room behind it for one pass: raw keys,
 * turned keys and values of as many frames as the plan attends. The memory stays where it is for as
 * long as plans are of one size, which {@link #layout} tells.
 *
 * <p>A chunk goes: {@link #begin}, any number of passes over {@link #layer}, a clean pass between
 * {@link #record} and {@link #commit}. Should memory run out while frames are moved, layers would
 * hold them in different orders: everything is freed then, and nothing can follow. Axes: B batch, L
 * tokens, S past tokens, H heads, d head width. Confined to one thread.
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
  private final FusedOps ops;
  private final List<Layer> layers;
  private final MeanKeys meanKeys = new MeanKeys();
  private List<Integer> held = List.of(); // the frames in every layer's window, increasing
  private long past; // tokens of the window that a pass sees
  private boolean recording;
  private boolean whole = true; // false while frames are moved, and for good if that fails
  private long layout;

  /** Empty. */
  public KvStore(Geometry geometry, Device device) {
    this(geometry, device, FusedOps.plain());
  }

  /** Empty, with keys turned by given operators. */
  public KvStore(Geometry geometry, Device device, FusedOps ops) {
    this.geometry = geometry;
    this.device = device;
    this.ops = ops;
    layers = IntStream.range(0, geometry.layers()).mapToObj(i -> new Layer()).toList();
  }

  /**
   * Drops every frame the plan does not attend, and turns the rest to the plan's positions. A pass
   * that was recorded and not committed is forgotten.
   *
   * @throws IllegalArgumentException if the plan attends a frame that is not held; nothing changes
   * @throws IllegalStateException if an earlier step failed half way
   */
  public void begin(Plan plan) {
    requireWhole();
    var frames = plan.past().stream().map(Slot::frame).toList();
    for (int frame : frames) {
      if (!held.contains(frame)) {
        throw new IllegalArgumentException(
            "the plan attends frame "
                + frame
                + ", which is not held; it was made for another"
                + " state: plan from this one");
      }
    }
    recording = false;
    change(() -> hold(frames, plan));
    see((long) frames.size() * geometry.tokens());
  }

  private void hold(List<Integer> frames, Plan plan) {
    meanKeys.keepOnly(frames);
    layers.forEach(Layer::dropPending);
    if (frames.isEmpty()) {
      layers.forEach(Layer::close);
    } else {
      arrange(frames, plan.attended());
      turn(plan);
    }
    held = frames;
  }

  /** Does what leaves every layer with the same frames, or, should it fail, none with any. */
  private void change(Runnable step) {
    whole = false;
    try {
      step.run();
      whole = true;
    } finally {
      if (!whole) {
        close();
      }
    }
  }

  private void requireWhole() {
    if (!whole) {
      throw new IllegalStateException(
          "nothing can follow: an earlier step of this memory failed half way; start the video"
              + " again");
    }
  }

  /** Moves the frames to the front of windows with room for so many. */
  private void arrange(List<Integer> frames, int attended) {
    int stay = 0;
    while (stay < frames.size() && frames.get(stay).equals(held.get(stay))) {
      stay++;
    }
    long room = (long) attended * geometry.tokens();
    if (layers.stream().anyMatch(layer -> layer.lent || layer.window().room() != room)) {
      try (var scope = Scope.open()) {
        var places = places(frames);
        layers.forEach(layer -> layer.renew(places, room));
      }
      layout++;
    } else if (stay < frames.size()) {
      try (var scope = Scope.open()) {
        int to = stay;
        var places = places(frames.subList(stay, frames.size()));
        layers.forEach(layer -> layer.shift(to, places));
      }
    }
  }

  /** Where frames are in the windows, INT64 on the device. */
  private Tensor places(List<Integer> frames) {
    long[] places = frames.stream().mapToLong(held::indexOf).toArray();
    return Tensor.of(places, places.length).to(device);
  }

  private void turn(Plan plan) {
    try (var scope = Scope.open()) {
      var rotary =
          Rotary.at(
              plan.pastPositions(),
              geometry.rows(),
              geometry.columns(),
              geometry.headWidth(),
              device);
      layers.forEach(layer -> layer.window().turn(rotary, ops));
    }
  }

  private void see(long tokens) {
    if (past != tokens) {
      past = tokens;
      layout++;
    }
  }

  /**
   * A number that changes whenever a pass would read its past from another place, or another length
   * of it: work recorded for replay is good for one number.
   */
  public long layout() {
    return layout;
  }

  /** What one layer's queries see: the planned past, then the tokens of the pass. */
  public AttentionSpan layer(int index) {
    requireWhole();
    return layers.get(index);
  }

  /**
   * The planned past of every layer as it is now. It shares this store's memory, outlives what the
   * store does next, and is the caller's to close.
   */
  public KvPast past() {
    try (var scope = Scope.open()) {
      return KvPast.of(layers.stream().map(Layer::seen).toList());
    }
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
    see(0);
  }

  /**
   * Takes in the frames of the recorded pass.
   *
   * @param frames their numbers since the video began, in the order of the pass
   * @param summarise whether mean keys are wanted, for {@link #similarity}
   * @throws IllegalStateException if no pass was recorded since {@link #begin}, or an earlier step
   *     failed half way
   * @throws IllegalArgumentException if the pass had more frames or fewer
   */
  public void commit(List<Integer> frames, boolean summarise) {
    requireWhole();
    for (var layer : layers) {
      if (frames.size() != layer.frames()) {
        throw new IllegalArgumentException(
            frames.size() + " numbers do not fit a pass of " + layer.frames() + " frames");
      }
    }
    recording = false;
    change(() -> takeIn(frames, summarise));
  }

  private void takeIn(List<Integer> frames, boolean summarise) {
    if (summarise) {
      summarise(frames);
    }
    if (layers.getFirst().standsBehindThePast() && follow(frames)) {
      held = Stream.concat(held.stream(), frames.stream()).toList();
    } else {
      var all = new TreeSet<>(held);
      all.addAll(frames);
      layers.forEach(layer -> layer.rebuild(List.copyOf(all), frames));
      held = List.copyOf(all);
      layout++;
    }
    layers.forEach(Layer::dropPending);
  }

  /** Whether the frames come after all that is held, in order. */
  private boolean follow(List<Integer> frames) {
    int before = held.isEmpty() ? -1 : held.getLast();
    for (int frame : frames) {
      if (frame <= before) {
        return false;
      }
      before = frame;
    }
    return true;
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
   * Cosines of mean raw keys, over all layers and heads, of frames held or just committed (Context
   * Forcing, eq. 7; clean keys, and one decision for all layers).
   */
  public KeySimilarity similarity() {
    return meanKeys;
  }

  /** The frames held, in order. */
  public List<Integer> frames() {
    return held;
  }

  /** Raw keys of one layer, all held frames in order; at least one must be held. */
  public @Axes("B S H d") Tensor keys(int layer) {
    return heldPart(layer).key().copy();
  }

  /** Values of one layer, all held frames in order; at least one must be held. */
  public @Axes("B S H d") Tensor values(int layer) {
    return heldPart(layer).value().copy();
  }

  private KeyValue heldPart(int layer) {
    return layers.get(layer).window().part(0, (long) held.size() * geometry.tokens());
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
    private @Nullable Window window;
    private @Nullable KeyValue apart; // a recorded pass that is not behind the past, copied
    private long recorded; // tokens of the recorded pass
    private boolean lent; // somebody else still reads the window

    Window window() {
      return Objects.requireNonNull(window, "frames are held, so there is a window");
    }

    /** Moves frames towards the front of the same window, from place {@code to} on. */
    void shift(int to, Tensor places) {
      ops.moveForward(window().raw(), places, to, geometry.tokens());
      ops.moveForward(window().values(), places, to, geometry.tokens());
    }

    /** Moves frames to the front of a new window. */
    void renew(Tensor places, long room) {
      try (var scope = Scope.open()) {
        var next = Window.of(room, window().raw());
        next.take(window(), places, geometry.tokens());
        replace(next);
      }
    }

    private void replace(Window next) {
      if (window != null) {
        window.close();
      }
      window = next.escape();
      lent = false;
    }

    @Override
    public Tensor attend(Tensor q, Tensor k, Tensor rawK, Tensor v) {
      boolean fits = past > 0 && past + k.size(1) <= window().room();
      boolean behind = fits && !Gradients.recording();
      if (recording) {
        dropPending();
        recorded = k.size(1);
        apart = behind ? null : KeyValue.copyOf(rawK, v);
      }
      if (past == 0) {
        return AttentionSpan.attend(q, k, v);
      }
      return behind
          ? window().attend(past, q, k, recording ? rawK : null, v)
          : window().attendJoined(past, q, k, v);
    }

    @Override
    public void leave(Tensor k, Tensor rawK, Tensor v) {
      if (recording) {
        keep(rawK, v);
      }
    }

    /** Whether the recorded pass was written behind the past. */
    boolean standsBehindThePast() {
      return apart == null;
    }

    /** The planned past, which the next plan may not overwrite now; nothing is recorded. */
    @Override
    public AttentionSpan lasting(Consumer<Tensor> owner) {
      if (past == 0) {
        return AttentionSpan.FULL;
      }
      lent = true;
      long seen = past;
      var own = window().alias().escape();
      own.tensors().forEach(owner);
      return (q, k, rawK, v) -> own.attendJoined(seen, q, k, v);
    }

    /** The planned past for others, which the next plan may not overwrite now. */
    Optional<KeyValue> seen() {
      if (past == 0) {
        return Optional.empty();
      }
      lent = true;
      return Optional.of(window().seen(past));
    }

    /** Behind the past, where nobody else reads, if there is one and room. */
    void keep(Tensor rawK, Tensor v) {
      dropPending();
      recorded = rawK.size(1);
      if (past > 0 && past + recorded <= window().room()) {
        window().put(past, rawK.detach(), v.detach());
      } else {
        apart = KeyValue.copyOf(rawK, v);
      }
    }

    KeyValue pending() {
      requireRecorded();
      return apart == null ? window().part(past, recorded) : apart;
    }

    /** Frames of the recorded pass. */
    int frames() {
      requireRecorded();
      return (int) (recorded / geometry.tokens());
    }

    private void requireRecorded() {
      if (recorded == 0) {
        throw new IllegalStateException("no pass was recorded");
      }
    }

    /** All frames in a new window, the passed ones from the recorded pass. */
    void rebuild(List<Integer> all, List<Integer> passed) {
      try (var scope = Scope.open()) {
        int tokens = geometry.tokens();
        var pass = pending();
        var next = Window.of((long) all.size() * tokens, pass.key());
        for (int i = 0; i < all.size(); i++) {
          int made = passed.indexOf(all.get(i));
          var frame =
              made < 0
                  ? window().part((long) held.indexOf(all.get(i)) * tokens, tokens)
                  : pass.part((long) made * tokens, tokens);
          next.put((long) i * tokens, frame.key(), frame.value());
        }
        replace(next);
      }
    }

    void dropPending() {
      recorded = 0;
      if (apart != null) {
        apart.close();
        apart = null;
      }
    }

    void close() {
      dropPending();
      if (window != null) {
        window.close();
        window = null;
        lent = false;
      }
    }
  }
}
