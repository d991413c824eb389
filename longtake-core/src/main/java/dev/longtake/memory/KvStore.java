package dev.longtake.memory;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.FusedOps;
import dev.longtake.nn.Rotary;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Repeats;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntBinaryOperator;
import java.util.stream.IntStream;
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
 * turned keys and values of as many frames as plans attend at most. Where there is such a bound,
 * the memory stays where it is from the first chunk on, which {@link #layout} tells.
 *
 * <p>A chunk goes: {@link #begin}, any number of passes over {@link #layer}, a clean pass between
 * {@link #record} and {@link #commit}. Should memory run out while frames are moved, layers would
 * hold them in different orders: everything is freed then, and nothing can follow.
 *
 * <p>A batch may be of several videos with a plan each: they hold as many frames, at the same
 * positions, and every step is one operator for all of them. Or one plan is for the whole batch.
 * Axes: B batch, L tokens, S past tokens, H heads, d head width. Confined to one thread.
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
  private final MeanKeys meanKeys;
  private List<List<Integer>> held; // the frames in every layer's window, increasing, of each video
  private final int capacity;
  private long past; // tokens of the window that a pass sees
  private boolean recording;
  private boolean whole = true; // false while frames are moved, and for good if that fails
  private long windows; // how often they were made
  private Repeats repeats = Repeats.AS_IT_COMES;

  /** Empty. */
  public KvStore(Geometry geometry, Device device) {
    this(geometry, device, FusedOps.plain());
  }

  /** Empty, with keys turned by given operators. */
  public KvStore(Geometry geometry, Device device, FusedOps ops) {
    this(geometry, device, ops, 1, 0);
  }

  /**
   * Empty, for several videos.
   *
   * @param videos the batch of every pass, each of it with plans of its own; 1 for plans that hold
   *     for the whole batch, whatever its size
   * @param capacity frames there is room for from the first on; plans that attend more get it
   */
  public KvStore(Geometry geometry, Device device, FusedOps ops, int videos, int capacity) {
    this.capacity = capacity;
    this.geometry = geometry;
    this.device = device;
    this.ops = ops;
    layers = IntStream.range(0, geometry.layers()).mapToObj(i -> new Layer()).toList();
    meanKeys = new MeanKeys(videos, capacity);
    held = Collections.nCopies(videos, List.of());
  }

  /** {@link #begin(List)} with one plan for the whole batch. */
  public void begin(Plan plan) {
    begin(List.of(plan));
  }

  /**
   * Drops every frame the plans do not attend, and turns the rest to the plans' positions. A pass
   * that was recorded and not committed is forgotten.
   *
   * @param plans of each video
   * @throws IllegalArgumentException if a plan attends a frame that is not held, or plans put their
   *     frames at different positions; nothing changes
   * @throws IllegalStateException if an earlier step failed half way
   */
  public void begin(List<Plan> plans) {
    check(plans);
    var frames = framesOf(plans);
    for (int video = 0; video < frames.size(); video++) {
      requireHeld(video, frames.get(video));
    }
    recording = false;
    change(() -> hold(frames, plans.getFirst()));
    past = tokens(plans.getFirst().past().size());
  }

  /**
   * Refuses plans that no state of this memory can follow, whatever it holds.
   *
   * @throws IllegalArgumentException if there are more plans or fewer than videos, or they put
   *     their frames at different positions
   * @throws IllegalStateException if an earlier step failed half way
   */
  public void check(List<Plan> plans) {
    requireWhole();
    requireAll(plans.size());
    requireSamePositions(plans);
  }

  /** The frames that plans attend. */
  public static List<List<Integer>> framesOf(List<Plan> plans) {
    return plans.stream().map(plan -> plan.past().stream().map(Slot::frame).toList()).toList();
  }

  private void requireHeld(int video, List<Integer> frames) {
    for (int frame : frames) {
      if (!held.get(video).contains(frame)) {
        throw new IllegalArgumentException(
            "the plan attends frame "
                + frame
                + ", which is not held; it was made for another"
                + " state: plan from this one");
      }
    }
  }

  private long tokens(int frames) {
    return (long) frames * geometry.tokens();
  }

  private void requireAll(int given) {
    if (given != held.size()) {
      throw new IllegalArgumentException(given + " videos do not fit a memory of " + held.size());
    }
  }

  private static void requireSamePositions(List<Plan> plans) {
    var first = plans.getFirst();
    for (var plan : plans) {
      if (!Arrays.equals(plan.pastPositions(), first.pastPositions())
          || !Arrays.equals(plan.chunkPositions(), first.chunkPositions())) {
        throw new IllegalArgumentException(
            "videos whose frames stand at "
                + Arrays.toString(first.pastPositions())
                + " and at "
                + Arrays.toString(plan.pastPositions())
                + " cannot share a batch; roll them out one by one, or with positions by slot");
      }
    }
  }

  /**
   * Moves and turns.
   *
   * @param plan any of the plans: sizes and positions are those of all
   */
  private void hold(List<List<Integer>> frames, Plan plan) {
    meanKeys.keepOnly(frames);
    layers.forEach(Layer::dropPending);
    if (!plan.past().isEmpty()) {
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
  private void arrange(List<List<Integer>> frames, int attended) {
    int count = frames.getFirst().size();
    int stay = 0;
    while (stay < count && stays(frames, stay)) {
      stay++;
    }
    long room = room(attended);
    if (layers.getFirst().window().room() != room) {
      try (var scope = Scope.open()) {
        var rows = rows(frames, 0);
        layers.forEach(layer -> layer.renew(rows, room));
      }
      windows++;
    } else if (stay < count) {
      try (var scope = Scope.open()) {
        int to = stay;
        var rows = rows(frames, stay);
        layers.forEach(layer -> layer.shift(to, rows));
      }
    }
  }

  /** Tokens there is to be room for. */
  private long room(int frames) {
    return tokens(Math.max(capacity, frames));
  }

  /** Whether the frame at a place is there already, in every video. */
  private boolean stays(List<List<Integer>> frames, int place) {
    for (int video = 0; video < frames.size(); video++) {
      if (!frames.get(video).get(place).equals(held.get(video).get(place))) {
        return false;
      }
    }
    return true;
  }

  /** Where frames are in the windows as they are held, from a place on: see {@link Window}. */
  private @Axes("B n") Tensor rows(List<List<Integer>> frames, int from) {
    return rows(
        Math.toIntExact(layers.getFirst().window().room() / geometry.tokens()),
        frames.getFirst().size() - from,
        (video, i) -> held.get(video).indexOf(frames.get(video).get(from + i)));
  }

  /**
   * Frames of a batch, each counted from the first of the whole batch, INT64 on the device.
   *
   * @param room frames there is room for in each
   * @param count frames of each
   * @param place of the i-th of a video
   */
  private @Axes("B n") Tensor rows(int room, int count, IntBinaryOperator place) {
    int batch = Math.toIntExact(layers.getFirst().batch());
    long[] rows = new long[batch * count];
    for (int b = 0; b < batch; b++) {
      int video = held.size() == 1 ? 0 : b;
      for (int i = 0; i < count; i++) {
        rows[b * count + i] = (long) b * room + place.applyAsInt(video, i);
      }
    }
    return Tensor.of(rows, batch, count).to(device);
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
      repeats.run(new Turn(windows), List.of(rotary.rotation()), given -> turn(given.getFirst()));
    }
  }

  private Tensor turn(Tensor rotation) {
    layers.forEach(layer -> layer.window().turn(new Rotary(rotation), ops));
    return rotation;
  }

  /** What is replayed: keys of windows are turned, of as many tokens as are given rotations. */
  private record Turn(long windows) {}

  /** What is replayed: mean keys of tokens behind a past are made. */
  private record Means(long windows, long past, long tokens) {}

  /**
   * From now on what is done with the windows of all layers is run by another, which replays it for
   * as long as they stay where they are.
   *
   * @param other lives as long as this store is used
   */
  public void runBy(Repeats other) {
    repeats = other;
  }

  /**
   * From where a pass reads its past.
   *
   * @param windows changes whenever memory is made anew
   * @param past how many tokens of it are read
   */
  public record Layout(long windows, long past) {}

  /** Work recorded for replay is good for one layout. */
  public Layout layout() {
    return new Layout(windows, past);
  }

  /** What one layer's queries see: the planned past, then the tokens of the pass. */
  public AttentionSpan layer(int index) {
    requireWhole();
    return layers.get(index);
  }

  /**
   * A copy of the planned past of every layer, for passes made later, when this store has gone on;
   * the caller's to close.
   */
  public KvPast past() {
    return new KvPast(layers.stream().map(Layer::seen).toList());
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

  /**
   * A recorded pass was replayed: its keys and values stand behind the past, as if it had been made
   * now.
   *
   * @param tokens of the pass
   */
  public void replayed(long tokens) {
    layers.forEach(layer -> layer.replayed(tokens));
  }

  /**
   * Drops every frame, for a recorded pass to make their keys anew. The memory stays where it is,
   * and mean keys stay until a plan is begun that does not attend their frames.
   */
  public void empty() {
    requireWhole();
    held = Collections.nCopies(held.size(), List.of());
    past = 0;
  }

  /** Frees everything; nothing can follow but an error that says so. */
  public void abandon() {
    whole = false;
    close();
  }

  /**
   * Begins again with nothing held.
   *
   * @param inPlace whether the memory stays where it is, for work that was recorded with it
   */
  public void restart(boolean inPlace) {
    requireWhole();
    layers.forEach(inPlace ? Layer::dropPending : Layer::close);
    empty();
    meanKeys.keepOnly(held);
    if (!inPlace) {
      meanKeys.close();
    }
    recording = false;
  }

  /**
   * Takes in the frames of the recorded pass.
   *
   * @param frames of each video, their numbers since it began, in the order of the pass
   * @param summarise whether mean keys are wanted, for {@link #similarity}
   * @throws IllegalStateException if no pass was recorded since {@link #begin}, or an earlier step
   *     failed half way
   * @throws IllegalArgumentException if the pass had more frames or fewer
   */
  public void commit(List<List<Integer>> frames, boolean summarise) {
    requireWhole();
    requireAll(frames.size());
    int count = frames.getFirst().size();
    for (var layer : layers) {
      if (count != layer.frames()) {
        throw new IllegalArgumentException(
            count + " numbers do not fit a pass of " + layer.frames() + " frames");
      }
    }
    recording = false;
    change(() -> takeIn(frames, summarise));
  }

  private void takeIn(List<List<Integer>> frames, boolean summarise) {
    if (summarise) {
      summarise(frames);
    }
    var all = new ArrayList<List<Integer>>();
    for (int video = 0; video < frames.size(); video++) {
      var both = new TreeSet<>(held.get(video));
      both.addAll(frames.get(video));
      all.add(List.copyOf(both));
    }
    if (!layers.getFirst().standsBehindThePast() || !follow(frames)) {
      rebuild(all, frames);
    }
    held = List.copyOf(all);
    layers.forEach(Layer::dropPending);
  }

  /** Whether the frames come after all that is held, in order. */
  private boolean follow(List<List<Integer>> frames) {
    for (int video = 0; video < frames.size(); video++) {
      int before = held.get(video).isEmpty() ? -1 : held.get(video).getLast();
      for (int frame : frames.get(video)) {
        if (frame <= before) {
          return false;
        }
        before = frame;
      }
    }
    return true;
  }

  /** All frames in new windows, the passed ones from the recorded pass. */
  private void rebuild(List<List<Integer>> all, List<List<Integer>> passed) {
    int before = held.getFirst().size();
    int both = before + passed.getFirst().size();
    try (var scope = Scope.open()) {
      var rows =
          rows(
              both,
              all.getFirst().size(),
              (video, i) -> {
                int frame = all.get(video).get(i);
                int made = passed.get(video).indexOf(frame);
                return made < 0 ? held.get(video).indexOf(frame) : before + made;
              });
      layers.forEach(layer -> layer.rebuild(before, rows, room(all.getFirst().size())));
    }
    windows++;
  }

  /**
   * Takes in consecutive frames; see {@link #commit(List, boolean)}.
   *
   * @param firstFrame number of the first of them since the videos began
   */
  public void commit(int firstFrame, boolean summarise) {
    int count = layers.getFirst().frames();
    var frames = IntStream.range(firstFrame, firstFrame + count).boxed().toList();
    commit(Collections.nCopies(held.size(), frames), summarise);
  }

  /** {@link #similarity(int)} of the first video. */
  public KeySimilarity similarity() {
    return similarity(0);
  }

  /**
   * Cosines of mean raw keys, over all layers and heads, of frames held or just committed (Context
   * Forcing, eq. 7; clean keys, and one decision for all layers).
   *
   * @param video of the batch
   */
  public KeySimilarity similarity(int video) {
    return meanKeys.of(video);
  }

  /** The frames held, in order, of the first video. */
  public List<Integer> frames() {
    return held.getFirst();
  }

  /** The frames held, in order, of each video: as many of all. */
  public List<List<Integer>> framesOfEach() {
    return held;
  }

  /**
   * Where frames stand among those held, for whatever else is kept of each: counted from the first
   * of the whole batch, INT64 on the device, owned by the caller's scope.
   *
   * @param frames of each video
   * @throws IllegalArgumentException if one of them is not held
   */
  public @Axes("B n") Tensor rowsOf(List<List<Integer>> frames) {
    for (int video = 0; video < frames.size(); video++) {
      requireHeld(video, frames.get(video));
    }
    return rows(
        held.getFirst().size(),
        frames.getFirst().size(),
        (video, i) -> held.get(video).indexOf(frames.get(video).get(i)));
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
    return layers.get(layer).window().part(0, tokens(frames().size()));
  }

  private void summarise(List<List<Integer>> numbers) {
    try (var scope = Scope.open()) {
      int videos = numbers.size(); // of a batch with one plan, the first decides for all
      int frames = numbers.getFirst().size();
      var made =
          layers.stream().allMatch(Layer::standsBehindThePast)
              ? repeats.run(
                  new Means(windows, past, tokens(frames)),
                  List.of(),
                  given -> means(videos, frames))
              : means(videos, frames);
      meanKeys.put(numbers, made);
    }
  }

  /** Of the recorded pass, all layers in a row. */
  private @Axes("V n W") Tensor means(int videos, int frames) {
    try (var scope = Scope.open()) {
      var means =
          layers.stream()
              .map(layer -> layer.pending().key().narrow(0, 0, videos))
              .map(key -> key.reshape(videos * frames, geometry.tokens(), -1).mean(1))
              .toList();
      return scope.keep(Tensor.cat(means, 2).reshape(videos, frames, -1));
    }
  }

  @Override
  public void close() {
    layers.forEach(Layer::close);
    meanKeys.close();
  }

  private final class Layer implements AttentionSpan {
    private @Nullable Window window;
    private @Nullable KeyValue apart; // a recorded pass that is not behind the past, copied
    private long recorded; // tokens of the recorded pass

    Window window() {
      return Objects.requireNonNull(window, "frames are held, so there is a window");
    }

    /** Of what is held, or else of the recorded pass. */
    long batch() {
      return window == null ? pending().key().size(0) : window.raw().size(0);
    }

    /** Moves frames towards the front of the same window, from place {@code to} on. */
    void shift(int to, Tensor rows) {
      ops.moveForward(window().raw(), rows, to, geometry.tokens());
      ops.moveForward(window().values(), rows, to, geometry.tokens());
    }

    /** Moves frames to the front of a new window. */
    void renew(Tensor rows, long room) {
      try (var scope = Scope.open()) {
        var next = Window.of(room, window().raw());
        next.take(window().part(0, window().room()), rows, geometry.tokens());
        replace(next);
      }
    }

    private void replace(Window next) {
      if (window != null) {
        window.close();
      }
      window = next.escape();
    }

    @Override
    public Optional<Place> claim(long tokens) {
      return behind(tokens).map(Function.identity());
    }

    /** Behind the past, if there is one and room, and gradients need not reach the tokens. */
    private Optional<Window.Behind> behind(long tokens) {
      if (past == 0 || Gradients.recording() || !hasRoomFor(tokens)) {
        return Optional.empty();
      }
      if (recording) {
        dropPending();
        recorded = tokens;
      }
      return Optional.of(window().behind(past, tokens, recording, ops));
    }

    @Override
    public Tensor attend(Tensor q, Tensor k, Tensor rawK, Tensor v) {
      try (var scope = Scope.open()) {
        return scope.keep(
            behind(k.size(1))
                .map(place -> place.filled(k, rawK, v).attend(q))
                .orElseGet(() -> attendApart(q, k, rawK, v)));
      }
    }

    private Tensor attendApart(Tensor q, Tensor k, Tensor rawK, Tensor v) {
      if (recording) {
        dropPending();
        recorded = k.size(1);
        if (past == 0 && !Gradients.recording() && hasRoomFor(recorded)) {
          window().put(0, rawK, v);
        } else {
          apart = KeyValue.copyOf(rawK, v);
        }
      }
      return past == 0 ? AttentionSpan.attend(q, k, v) : window().attendJoined(past, q, k, v);
    }

    /** Whether tokens may stand right behind the past: no frame is held there, and they fit. */
    private boolean hasRoomFor(long tokens) {
      return window != null
          && past == tokens(held.getFirst().size())
          && past + tokens <= window.room();
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

    /** A copy of the planned past; nothing is recorded. */
    @Override
    public AttentionSpan lasting(Consumer<Tensor> owner) {
      return seen()
          .map(
              own -> {
                owner.accept(own.key());
                owner.accept(own.value());
                return (AttentionSpan) (q, k, rawK, v) -> own.attendedBefore(q, k, v);
              })
          .orElse(AttentionSpan.FULL);
    }

    /** A copy of the planned past, which lives until closed. */
    Optional<KeyValue> seen() {
      if (past == 0) {
        return Optional.empty();
      }
      try (var scope = Scope.open()) {
        var seen = window().seen(past);
        return Optional.of(KeyValue.copyOf(seen.key(), seen.value()));
      }
    }

    /** Behind the past, if there is room. */
    void keep(Tensor rawK, Tensor v) {
      dropPending();
      recorded = rawK.size(1);
      if (hasRoomFor(recorded)) {
        window().put(past, rawK.detach(), v.detach());
      } else {
        apart = KeyValue.copyOf(rawK, v);
      }
    }

    void replayed(long tokens) {
      if (!hasRoomFor(tokens)) {
        throw new IllegalStateException("a pass that did not fit behind the past was replayed");
      }
      dropPending();
      recorded = tokens;
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

    /**
     * Frames of what is held, {@code before} of them, and of the recorded pass, in a new window.
     */
    void rebuild(int before, Tensor rows, long room) {
      try (var scope = Scope.open()) {
        var pass = pending();
        var both = before == 0 ? pass : window().part(0, tokens(before)).followedBy(pass);
        var next = Window.of(room, pass.key());
        next.take(both, rows, geometry.tokens());
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
      }
    }
  }
}
