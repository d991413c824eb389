package dev.longtake.wan;

import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

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
   * This batch of prompts and another as one, this one's first; owned by the caller's scope.
   *
   * @param other of the same transformer
   */
  public Prompt with(Prompt other) {
    var joined = new ArrayList<CrossAttention.Keys>();
    for (int i = 0; i < layers.size(); i++) {
      var own = layers.get(i);
      var others = other.layers.get(i);
      joined.add(
          new CrossAttention.Keys(
              Tensor.cat(List.of(own.keys(), others.keys()), 0),
              Tensor.cat(List.of(own.values(), others.values()), 0)));
    }
    return new Prompt(joined);
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
