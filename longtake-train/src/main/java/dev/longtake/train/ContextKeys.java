package dev.longtake.train;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.wan.Prompt;
import dev.longtake.wan.WanTransformer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The keys and values of a clean context, layer by layer, for passes over the frames after it.
 * Context does not see what follows it, so these passes compute what one over context and frames
 * would, as often as is wanted for one look at the context.
 *
 * <p>Axes: B clips, C channels, F latent frames, Y rows, X columns; L tokens, H heads, d head
 * width.
 */
final class ContextKeys implements AutoCloseable {
  private record Layer(@Axes("B L H d") Tensor keys, @Axes("B L H d") Tensor values) {}

  private final List<Layer> layers = new ArrayList<>();

  private ContextKeys() {}

  /** No frame comes before. */
  static ContextKeys none() {
    return new ContextKeys();
  }

  /**
   * Looks at a context at timestep 0 and positions 0 up, without gradients.
   *
   * @param context at least one frame, in the type of the arithmetic
   * @param among what its tokens see of one another
   */
  static ContextKeys of(
      WanTransformer model, @Axes("B C F Y X") Tensor context, Prompt prompt, AttentionSpan among) {
    var made = new ContextKeys();
    try (var scope = Scope.open()) {
      int frames = Math.toIntExact(context.size(2));
      model.leave(
          context,
          Tensor.zeros(Dtype.FLOAT32, context.device(), context.size(0), frames),
          model.rotary(
              IntStream.range(0, frames).toArray(),
              context.size(3),
              context.size(4),
              context.device()),
          prompt,
          layer -> made.keeping(among));
      return made;
    } catch (RuntimeException | Error e) {
      made.close();
      throw e;
    }
  }

  private AttentionSpan keeping(AttentionSpan among) {
    return new AttentionSpan() {
      @Override
      public Tensor attend(Tensor q, Tensor k, Tensor rawK, Tensor v) {
        leave(k, rawK, v);
        return among.attend(q, k, rawK, v);
      }

      @Override
      public void leave(Tensor k, Tensor rawK, Tensor v) {
        layers.add(new Layer(Scope.escape(k.detach()), Scope.escape(v.detach())));
      }
    };
  }

  /** Frames after the context see it and one another. */
  AttentionSpan span(int layer) {
    if (layers.isEmpty()) {
      return AttentionSpan.FULL;
    }
    var seen = layers.get(layer);
    return (q, k, rawK, v) -> AttentionSpan.attendAfter(seen.keys, seen.values, q, k, v);
  }

  @Override
  public void close() {
    for (var layer : layers) {
      layer.keys.close();
      layer.values.close();
    }
    layers.clear();
  }
}
