package dev.longtake.memory;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.Rotary;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Executes {@link RollingWindow}: holds raw keys and values, which {@link KvStore} would drop where
 * a window does not attend to them and the clean pass after it does. Each plan serves a single
 * pass, so keys are turned as they are attended.
 *
 * <p>A chunk goes: any number of windows, each {@link #beginWindow} and a pass; then {@link
 * #beginChunk}, the clean pass and {@link #commit}. What is passed after {@link #beginWindow} is
 * not remembered. Confined to one thread.
 */
public final class RollingStore implements AutoCloseable {

  /** One frame in every layer. */
  private record Entry(int frame, List<KeyValue> layers) {
    void close() {
      layers.forEach(KeyValue::close);
    }
  }

  private final RollingWindow memory;
  private final KvStore.Geometry geometry;
  private final Device device;
  private final List<Layer> layers;
  private List<Entry> held = List.of();
  private int frames;
  private List<Entry> seen = List.of();
  private @Nullable Rotary rotary; // of what is seen
  private boolean recording;

  /** Empty. */
  public RollingStore(RollingWindow memory, KvStore.Geometry geometry, Device device) {
    this.memory = memory;
    this.geometry = geometry;
    this.device = device;
    layers = IntStream.range(0, geometry.layers()).mapToObj(Layer::new).toList();
  }

  /** Latent frames remembered since the video began. */
  public int frames() {
    return frames;
  }

  /** The numbers of the frames held, increasing. */
  public List<Integer> held() {
    return held.stream().map(Entry::frame).toList();
  }

  /**
   * Makes ready to denoise what comes next.
   *
   * @param length latent frames that are denoised together
   * @return the temporal position of each of them
   * @throws IllegalArgumentException if there is no room for so many
   */
  public int[] beginWindow(int length) {
    return begin(memory.window(held(), frames, length), false);
  }

  /**
   * Makes ready for the clean pass of the next chunk.
   *
   * @param length latent frames of the chunk
   * @return the temporal position of each of them
   */
  public int[] beginChunk(int length) {
    return begin(memory.update(held(), frames, length), true);
  }

  private int[] begin(Plan plan, boolean isToBeKept) {
    forgetPass();
    recording = isToBeKept;
    var past = plan.past().stream().map(Slot::frame).toList();
    seen = held.stream().filter(entry -> past.contains(entry.frame)).toList();
    if (!seen.isEmpty()) {
      try (var scope = Scope.open()) {
        rotary =
            new Rotary(
                Scope.escape(
                    Rotary.at(
                            plan.pastPositions(),
                            geometry.rows(),
                            geometry.columns(),
                            geometry.headWidth(),
                            device)
                        .rotation()));
      }
    }
    return plan.chunkPositions();
  }

  /** What one layer's queries see: the planned past, then the tokens of the pass. */
  public AttentionSpan layer(int index) {
    return layers.get(index);
  }

  /**
   * Keeps the frames of the clean pass, and drops those that nothing will attend to any more.
   *
   * @throws IllegalStateException if no pass was made since {@link #beginChunk}
   */
  public void commit() {
    if (layers.stream().anyMatch(layer -> layer.passed.isEmpty())) {
      throw new IllegalStateException("no pass was made since beginChunk");
    }
    int length = layers.getFirst().passed.size();
    var next = new ArrayList<>(held);
    for (int i = 0; i < length; i++) {
      int at = i;
      next.add(new Entry(frames + i, layers.stream().map(layer -> layer.passed.get(at)).toList()));
    }
    layers.forEach(layer -> layer.passed = List.of());
    frames += length;
    keep(next, frame -> memory.keeps(frame, frames, length));
  }

  /**
   * Drops everything but the sink and the latest frames.
   *
   * @param last how many of the latest frames stay, at least 0
   */
  public void flush(int last) {
    keep(held, frame -> frame < memory.sink() || frame >= frames - last);
  }

  private void keep(List<Entry> entries, IntPredicate stays) {
    forgetPass();
    held = entries.stream().filter(entry -> stays.test(entry.frame)).toList();
    entries.stream().filter(entry -> !stays.test(entry.frame)).forEach(Entry::close);
  }

  private void forgetPass() {
    recording = false;
    seen = List.of();
    layers.forEach(Layer::forgetPass);
    if (rotary != null) {
      rotary.rotation().close();
      rotary = null;
    }
  }

  @Override
  public void close() {
    forgetPass();
    held.forEach(Entry::close);
    held = List.of();
  }

  private final class Layer implements AttentionSpan {
    private final int index;
    private List<KeyValue> passed = List.of(); // frames of the clean pass

    Layer(int index) {
      this.index = index;
    }

    @Override
    public Tensor attend(Tensor q, Tensor k, Tensor rawK, Tensor v) {
      leave(k, rawK, v);
      var turn = rotary;
      if (turn == null) {
        return AttentionSpan.attend(q, k, v);
      }
      try (var past =
          KeyValue.joined(seen.stream().map(entry -> entry.layers.get(index)).toList(), turn)) {
        return past.attendedBefore(q, k, v);
      }
    }

    @Override
    public void leave(Tensor k, Tensor rawK, Tensor v) {
      if (recording) {
        forgetPass();
        passed = KeyValue.byFrame(rawK, v, geometry.tokens());
      }
    }

    void forgetPass() {
      passed.forEach(KeyValue::close);
      passed = List.of();
    }
  }
}
