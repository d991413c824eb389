package dev.longtake.nn;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.KernelChoice;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;

/**
 * The operators between a network's large products, each a step of the paper's equation. They are
 * computed one after the other ({@link #plain}) or in one pass over memory ({@link KernelOps});
 * which is chosen when a network is made. Axes: B batch, F frames, P tokens of a frame, L = F·P, D
 * width, H heads, d head width.
 *
 * <p>{@code x}, to which branches are added, and the sums are FLOAT32 also where branches and
 * modulations are BFLOAT16; what is normed has the type of the branch, or of the modulation.
 *
 * <p>Confined to one thread, but {@link #normedSilu} and what follows it, the decoder's, may have
 * another. Results belong to the caller's scope.
 */
public interface FusedOps extends AutoCloseable {

  /** A sum, and its norm as the next linear layer takes it. */
  record Carried(@Axes("B F P D") Tensor sum, Operand normed) {
    Carried keptBy(Scope scope) {
      scope.keep(sum);
      normed.keptBy(scope);
      return this;
    }
  }

  /** Normed queries or keys by head, before and after they are turned to their positions. */
  record Turned(@Axes("B L H d") Tensor raw, @Axes("B L H d") Tensor turned) {}

  /** LibTorch's operators, on any device, in any type, with gradients. */
  static FusedOps plain(LinearFormat format) {
    return new PlainOps(format);
  }

  /** LibTorch's operators and layers as they are stored: what training uses. */
  static FusedOps plain() {
    return plain(LinearFormat.AS_STORED);
  }

  /**
   * Kernels of our own, for inference in BFLOAT16. Convolutions are tried out from then on, see
   * {@link KernelChoice}.
   *
   * @throws IllegalArgumentException if the device is no GPU of compute capability 8.9 or newer, or
   *     the type is another
   */
  static FusedOps kernels(LinearFormat format, Device device, Dtype dtype) {
    return KernelOps.on(format, device, dtype);
  }

  /** A linear layer of a block. */
  Projection linear(Weights weights, long in, long out);

  /**
   * Linear layers of a block that read the same.
   *
   * @param names of the layers below the weights
   */
  Projections linears(Weights weights, List<String> names, long in, long out);

  /** Activations as the linear layers take them. */
  Operand operand(Tensor x);

  /** {@code layerNorm(x) · (1 + scale) + shift}. */
  Operand modulated(LayerNorm norm, @Axes("B F P D") Tensor x, Modulation by);

  /** {@code x + branch · gate}, and the norm of that. */
  Carried gatedThenNormed(
      @Axes("B F P D") Tensor x, @Axes("B F P D") Tensor branch, Modulation by, LayerNorm norm);

  /** {@code x + branch}, and {@code layerNorm(that) · (1 + scale) + shift}. */
  Carried addedThenModulated(
      @Axes("B F P D") Tensor x, @Axes("B F P D") Tensor branch, LayerNorm norm, Modulation by);

  /** {@code x + branch · gate}. */
  @Axes("B F P D")
  Tensor gated(@Axes("B F P D") Tensor x, @Axes("B F P D") Tensor branch, Modulation by);

  /** {@code gelu(up(x))}, GELU by its tanh approximation. */
  Operand gelu(Projection up, Operand x);

  /** The RMS norm over the whole width, by head. */
  @Axes("B L H d")
  Tensor byHead(RmsNorm norm, @Axes("B F P D") Tensor x, int heads);

  /** {@link #byHead}, and the same turned to the tokens' positions. */
  Turned turned(RmsNorm norm, @Axes("B F P D") Tensor x, int heads, Rotary rotary);

  /** {@link #byHead} turned to the tokens' positions, and nothing else. */
  @Axes("B L H d")
  Tensor turnedAlone(RmsNorm norm, @Axes("B F P D") Tensor x, int heads, Rotary rotary);

  /**
   * {@link #turned} right where it is to stand; nothing is differentiated.
   *
   * @param place of as many tokens as x, each video of it in one piece
   */
  void turnedInto(
      RmsNorm norm, @Axes("B F P D") Tensor x, Rotary rotary, AttentionSpan.Place place);

  /** Copies values, by head, to where they are to stand; nothing is differentiated. */
  void copyInto(@Axes("B F P D") Tensor x, @Axes("B L H d") Tensor to);

  /** {@code softmax(q kᵀ / √d) v}, every query seeing every key. */
  @Axes("B L H d")
  Tensor attended(@Axes("B L H d") Tensor q, @Axes("B K H d") Tensor k, @Axes("B K H d") Tensor v);

  /** Turns keys to their positions, from where they are kept to where they are read. */
  void turnInto(@Axes("B L H d") Tensor raw, Rotary rotary, @Axes("B L H d") Tensor turned);

  /**
   * Moves whole frames towards the front of the memory they are in, one after the other.
   *
   * @param frames which are moved, INT64, of each of the batch increasing, and counted from the
   *     first frame of the whole batch
   * @param to the place of the first of them, none of them being before it
   * @param tokens of a frame
   */
  void moveForward(@Axes("B N H d") Tensor memory, @Axes("B n") Tensor frames, int to, int tokens);

  /** {@code silu(norm(x))} over the channels of each pixel. */
  @Axes("B F Y X C")
  Tensor normedSilu(ChannelNorm norm, @Axes("B F Y X C") Tensor x);

  /**
   * {@link #normedSilu} right where it is to stand; nothing is differentiated.
   *
   * @param out of the size of x, each video of it in one piece
   */
  void normedSiluInto(ChannelNorm norm, @Axes("B F Y X C") Biased x, @Axes("B F Y X C") Tensor out);

  /** Whether the next two steps add a convolution's bias in passing, so that it need not. */
  boolean addsBiases();

  /** {@code x + other}. */
  @Axes("B F Y X C")
  Tensor summed(@Axes("B F Y X C") Biased x, @Axes("B F Y X C") Tensor other);

  @Override
  default void close() {}
}
