package dev.longtake.memory;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.tensor.Device;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Executes {@link ReleasedSlowFast}: unlike {@link KvStore} it is written to by every pass, layer
 * by layer, and decides on the way. What the passes of a chunk wrote stays only if {@link #commit}
 * follows the clean one.
 *
 * <p>A chunk goes: {@link #begin}, its passes over {@link #layer}, the clean one last, {@link
 * #commit}. Confined to one thread.
 */
public final class ReleasedStore implements AutoCloseable {
  private final ReleasedSlowFast memory;
  private final List<ReleasedLayer> layers;

  /** Empty. */
  public ReleasedStore(ReleasedSlowFast memory, KvStore.Geometry geometry, Device device) {
    this.memory = memory;
    layers =
        IntStream.range(0, geometry.layers())
            .mapToObj(i -> new ReleasedLayer(memory, geometry, device))
            .toList();
  }

  /** Latent frames remembered since the video began. */
  public int frames() {
    return layers.getFirst().kept().frames();
  }

  /**
   * Forgets what was passed and not committed, and makes ready for a chunk.
   *
   * @param chunkFrames latent frames of the chunk
   * @return the temporal position of each of them
   * @throws IllegalArgumentException if fast memory cannot hold such a chunk
   */
  public int[] begin(int chunkFrames) {
    memory.requireRoom(chunkFrames);
    layers.forEach(ReleasedLayer::rewind);
    return memory.chunkPositions(frames(), chunkFrames);
  }

  /** What one layer's queries see. Attending writes the pass's keys and values to the slots. */
  public AttentionSpan layer(int index) {
    return layers.get(index);
  }

  /**
   * Keeps what the passes since {@link #begin} wrote.
   *
   * @throws IllegalStateException if there was none
   */
  public void commit() {
    if (layers.getFirst().written().frames() == frames()) {
      throw new IllegalStateException("no pass was made since begin");
    }
    layers.forEach(ReleasedLayer::commit);
  }

  /**
   * Drops everything but the sink and the latest frames, in every layer; slow memory fills anew.
   *
   * @param last how many of the latest frames stay, at least 0
   */
  public void flush(int last) {
    layers.forEach(layer -> layer.flush(last));
  }

  /** The number of the frame in each filled slot of a layer, in the order of slots. */
  public List<Integer> frames(int layer) {
    return layers.get(layer).kept().slots().stream().map(ReleasedLayer.Entry::frame).toList();
  }

  @Override
  public void close() {
    layers.forEach(ReleasedLayer::close);
  }
}
