package dev.longtake.memory;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a chunk attends besides itself: keys, at the positions of a plan, and values of the frames
 * remembered, in every layer. It does not change while its store goes on, so a pass over it can be
 * made again at any time, with the same result.
 */
public final class KvPast implements AutoCloseable {
  private final List<Optional<KeyValue>> layers;

  /** Owns these; where nothing is held, a layer has none. */
  KvPast(List<Optional<KeyValue>> layers) {
    this.layers = List.copyOf(layers);
  }

  /**
   * Of tensors that stay the caller's: what is returned is not to be closed.
   *
   * @param tensors in the order of {@link #tensors}
   * @param layers how many there are
   */
  public static KvPast of(List<Tensor> tensors, int layers) {
    return new KvPast(
        IntStream.range(0, layers)
            .mapToObj(
                i ->
                    tensors.isEmpty()
                        ? Optional.<KeyValue>empty()
                        : Optional.of(new KeyValue(tensors.get(2 * i), tensors.get(2 * i + 1))))
            .toList());
  }

  /** How many layers there are. */
  public int layers() {
    return layers.size();
  }

  /** Keys and values of each layer in turn; none if nothing is held. They stay this object's. */
  public List<Tensor> tensors() {
    return layers.stream()
        .flatMap(Optional::stream)
        .flatMap(layer -> Stream.of(layer.key(), layer.value()))
        .toList();
  }

  /** The same once more, with a life of its own. */
  public KvPast shared() {
    return new KvPast(layers.stream().map(layer -> layer.map(KeyValue::shared)).toList());
  }

  /** What one layer's queries see: this past, then the tokens of the pass. */
  public AttentionSpan layer(int index) {
    return layers.get(index).<AttentionSpan>map(Seen::new).orElse(AttentionSpan.FULL);
  }

  private record Seen(KeyValue past) implements AttentionSpan {
    @Override
    public Tensor attend(Tensor q, Tensor k, Tensor rawK, Tensor v) {
      return past.attendedBefore(q, k, v);
    }

    @Override
    public AttentionSpan lasting(Consumer<Tensor> owner) {
      var own = past.shared();
      owner.accept(own.key());
      owner.accept(own.value());
      return new Seen(own);
    }
  }

  @Override
  public void close() {
    layers.forEach(layer -> layer.ifPresent(KeyValue::close));
  }
}
