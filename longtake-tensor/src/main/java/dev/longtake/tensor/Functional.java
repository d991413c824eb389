package dev.longtake.tensor;

import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * The layers' arithmetic. Axes: B batch, H heads, L and K sequence, d head width, C channels, F
 * frames, Y rows, X columns.
 */
public final class Functional {
  private Functional() {}

  /**
   * {@code x Wᵀ + b} over the last axis; weight is [out, in]. On a GPU the bias is added inside the
   * product's own kernel where x is without gaps.
   */
  public static Tensor linear(Tensor x, Tensor weight, @Nullable Tensor bias) {
    // Not the overload that takes a plain bias: that is torch::nn::functional::linear, which adds
    // the bias in a pass of its own unless x is a table.
    var shift = optional(bias);
    return bias == null
        ? Tensor.op("linear", () -> torch.linear(x.handle, weight.handle, shift), x, weight)
        : Tensor.op("linear", () -> torch.linear(x.handle, weight.handle, shift), x, weight, bias);
  }

  /**
   * {@code gelu(x Wᵀ + b)}, GELU by its tanh approximation, on a GPU with the activation inside the
   * product's own kernel.
   *
   * @param x [rows, in]
   */
  public static Tensor linearGelu(Tensor x, Tensor weight, Tensor bias) {
    return Operators.call(
        "aten::_addmm_activation",
        List.of(bias, x, weight),
        stack -> {
          stack.tensor(bias).tensor(x).tensor(weight.transpose(0, 1));
          stack.number(1).number(1).flag(true);
        });
  }

  /**
   * {@code (x · scaleX) (W · scaleW)ᵀ + b} of FLOAT8_E4M3 operands, as BFLOAT16: the matrix units
   * multiply eight bits, and the scales are applied to the sums.
   *
   * @param x [rows, in], contiguous
   * @param weight [out, in], contiguous
   * @param scaleX FLOAT32, one number, or [rows, 1]
   * @param scaleWeight FLOAT32, one number, or [1, out]; of as many numbers as scaleX only if both
   *     are one
   */
  public static Tensor scaledLinear(
      Tensor x, Tensor scaleX, Tensor weight, Tensor scaleWeight, @Nullable Tensor bias) {
    return Operators.call(
        "aten::_scaled_mm",
        List.of(x, weight),
        stack -> {
          stack.tensor(x).tensor(weight.transpose(0, 1)).tensor(scaleX).tensor(scaleWeight);
          stack.optional(bias).nothing();
          stack.dtype(Dtype.BFLOAT16).flag(true); // sums in the matrix units' own precision
        });
  }

  /** Layer norm over the last axis, biased variance; weight and bias may be absent together. */
  public static Tensor layerNorm(
      Tensor x, @Nullable Tensor weight, @Nullable Tensor bias, double eps) {
    long[] over = {x.size(-1)};
    return Tensor.op(
        "layerNorm",
        () -> torch.layer_norm(x.handle, over, optional(weight), optional(bias), eps, true),
        x);
  }

  /**
   * {@code x + a · b}, each spread over what it lacks, in one pass over memory. Types may differ:
   * the widest is that of the arithmetic and of the result, and nothing is converted beforehand.
   */
  public static Tensor plusProduct(Tensor x, Tensor a, Tensor b) {
    return Tensor.op("plusProduct", () -> torch.addcmul(x.handle, a.handle, b.handle), x, a, b);
  }

  /** {@code x · rsqrt(mean(x²) + eps) · weight} over the last axis. */
  public static Tensor rmsNorm(Tensor x, Tensor weight, double eps) {
    long[] over = {x.size(-1)};
    return Tensor.op(
        "rmsNorm",
        () -> torch.rms_norm(x.handle, over, optional(weight), new DoubleOptional(eps)),
        x,
        weight);
  }

  /** {@code softmax(q kᵀ / √d) v}, every query seeing every key. */
  public static @Axes("B H L d") Tensor attention(
      @Axes("B H L d") Tensor q, @Axes("B H K d") Tensor k, @Axes("B H K d") Tensor v) {
    return Tensor.op(
        "attention",
        () -> torch.scaled_dot_product_attention(q.handle, k.handle, v.handle),
        q,
        k,
        v);
  }

  /**
   * {@code softmax(q kᵀ · scale + mask) v}.
   *
   * @param mask BOOL (true: may look) or a number added to the logits; broadcast to [B, H, L, K]
   */
  public static @Axes("B H L d") Tensor attention(
      @Axes("B H L d") Tensor q,
      @Axes("B H K d") Tensor k,
      @Axes("B H K d") Tensor v,
      Tensor mask,
      double scale) {
    return Tensor.op(
        "attention",
        () ->
            torch.scaled_dot_product_attention(
                q.handle,
                k.handle,
                v.handle,
                new TensorOptional(mask.handle),
                0,
                false,
                new DoubleOptional(scale),
                false),
        q,
        k,
        v,
        mask);
  }

  /** Two-dimensional convolution; weight is [out, in, kernel rows, kernel columns]. */
  public static @Axes("B C Y X") Tensor conv2d(
      Tensor x, Tensor weight, @Nullable Tensor bias, long[] stride, long[] padding) {
    long[] dilation = {1, 1};
    return convolved(
        "conv2d",
        () -> torch.conv2d(x.handle, weight.handle, optional(bias), stride, padding, dilation, 1),
        x,
        weight);
  }

  /** Three-dimensional convolution; weight is [out, in, kernel frames, rows, columns]. */
  public static @Axes("B C F Y X") Tensor conv3d(
      Tensor x, Tensor weight, @Nullable Tensor bias, long[] stride, long[] padding) {
    long[] dilation = {1, 1, 1};
    return convolved(
        "conv3d",
        () -> torch.conv3d(x.handle, weight.handle, optional(bias), stride, padding, dilation, 1),
        x,
        weight);
  }

  /** Two-dimensional transposed convolution; weight is [in, out, kernel rows, kernel columns]. */
  public static @Axes("B C Y X") Tensor convTranspose2d(
      Tensor x, Tensor weight, @Nullable Tensor bias, long[] stride, long[] padding) {
    long[] more = {0, 0};
    long[] dilation = {1, 1};
    return convolved(
        "convTranspose2d",
        () ->
            torch.conv_transpose2d(
                x.handle, weight.handle, optional(bias), stride, padding, more, 1, dilation),
        x,
        weight);
  }

  private static Tensor convolved(
      String name, Supplier<org.bytedeco.pytorch.Tensor> body, Tensor x, Tensor weight) {
    return x.handle.is_cuda() && KernelChoice.tryingConvolutions()
        ? Graph.apart(() -> Tensor.op(name, body, x, weight))
        : Tensor.op(name, body, x, weight);
  }

  /** Each picture at a new size, every pixel taking its nearest neighbour's value. */
  public static @Axes("B C Y X") Tensor upsampleNearest(Tensor x, long rows, long columns) {
    long[] size = {rows, columns};
    return Tensor.op("upsampleNearest", () -> torch.upsample_nearest2d(x.handle, size), x);
  }

  /** Pads with zeros: pairs of (before, after), innermost axis first. */
  public static Tensor pad(Tensor x, long... beforeAfter) {
    return Tensor.op("pad", () -> torch.constant_pad_nd(x.handle, beforeAfter), x);
  }

  /** Rows of a table [rows, D] by INT64 index, one for each. */
  public static Tensor embedding(Tensor table, Tensor index) {
    return Tensor.op("embedding", () -> torch.embedding(table.handle, index.handle), table, index);
  }

  /** {@code x · sigmoid(x)}. */
  public static Tensor silu(Tensor x) {
    return Tensor.op("silu", () -> torch.silu(x.handle), x);
  }

  /** GELU by its tanh approximation. */
  public static Tensor gelu(Tensor x) {
    return Tensor.op("gelu", () -> torch.gelu(x.handle, "tanh"), x);
  }

  /** Softmax over an axis, computed and returned in the given type. */
  public static Tensor softmax(Tensor x, int axis, Dtype dtype) {
    return Tensor.op(
        "softmax", () -> torch.softmax(x.handle, axis, new ScalarTypeOptional(dtype.scalar)), x);
  }

  /**
   * Turns interleaved pairs (2j, 2j+1) of the last axis as complex numbers; computed in FLOAT32,
   * returned in the type of x.
   *
   * @param x [..., L, H, d]
   * @param rotation cosine and sine, FLOAT32 [L, 1, d/2, 2]
   */
  public static Tensor rotatePairs(Tensor x, Tensor rotation) {
    try (var scope = Scope.open()) {
      long[] shape = x.shape();
      long[] paired = Arrays.copyOf(shape, shape.length + 1);
      paired[shape.length - 1] /= 2;
      paired[shape.length] = 2;
      var pairs = x.to(Dtype.FLOAT32).reshape(paired);
      var turned =
          Tensor.op(
              "rotatePairs",
              () ->
                  torch.view_as_real(
                      torch
                          .view_as_complex(pairs.handle)
                          .mul(torch.view_as_complex(rotation.handle))),
              x,
              rotation);
      return scope.keep(turned.reshape(shape).to(x.dtype()));
    }
  }

  private static TensorOptional optional(@Nullable Tensor tensor) {
    return tensor == null ? new TensorOptional() : new TensorOptional(tensor.handle);
  }
}
