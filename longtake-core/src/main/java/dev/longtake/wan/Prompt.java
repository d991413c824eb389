package dev.longtake.wan;

import dev.longtake.tensor.Scope;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A prompt as every layer's keys and values: read once, used by every pass. Made by {@link
 * WanTransformer#read}.
 */
public final class Prompt implements AutoCloseable {
  private final List<CrossAttention.Keys> layers;

  Prompt(List<CrossAttention.Keys> layers) {
    this.layers = layers;
  }

  CrossAttention.Keys layer(int index) {
    return layers.get(index);
  }

  /**
   * One prompt of a batch, as views owned by the caller's scope.
   *
   * @param index from 0
   */
  public Prompt sample(int index) {
    return new Prompt(
        layers.stream()
            .map(
                layer ->
                    new CrossAttention.Keys(
                        layer.keys().narrow(0, index, 1), layer.values().narrow(0, index, 1)))
            .toList());
  }

  /**
   * Batches of prompts as one, one after the other, owned by the caller's scope; gradients reach
   * them. A single one is returned as it is.
   *
   * @param prompts at least one, of the same transformer
   */
  public static Prompt cat(List<Prompt> prompts) {
    var first = prompts.getFirst();
    return prompts.size() == 1
        ? first
        : new Prompt(
            IntStream.range(0, first.layers.size())
                .mapToObj(
                    layer ->
                        CrossAttention.Keys.cat(
                            prompts.stream().map(prompt -> prompt.layer(layer)).toList()))
                .toList());
  }

  /** The same in other memory, without gradients, owned by the caller's scope. */
  public Prompt copy() {
    return new Prompt(
        layers.stream()
            .map(
                layer ->
                    new CrossAttention.Keys(
                        layer.keys().detach().copy(), layer.values().detach().copy()))
            .toList());
  }

  /** Becomes another prompt of the same sizes, where it is. */
  public void copyFrom(Prompt other) {
    for (int i = 0; i < layers.size(); i++) {
      layers.get(i).keys().copyFrom(other.layer(i).keys());
      layers.get(i).values().copyFrom(other.layer(i).values());
    }
  }

  /** Hands every tensor to the scope that encloses the given one. */
  public Prompt keptBy(Scope scope) {
    for (var layer : layers) {
      scope.keep(layer.keys());
      scope.keep(layer.values());
    }
    return this;
  }

  /** Takes every tensor out of every scope: they live until {@link #close}. */
  public Prompt escape() {
    for (var layer : layers) {
      Scope.escape(layer.keys());
      Scope.escape(layer.values());
    }
    return this;
  }

  @Override
  public void close() {
    for (var layer : layers) {
      layer.keys().close();
      layer.values().close();
    }
  }
}
