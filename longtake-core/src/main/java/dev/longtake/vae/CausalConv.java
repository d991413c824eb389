package dev.longtake.vae;

import dev.longtake.nn.Biased;
import dev.longtake.nn.Init;
import dev.longtake.nn.Processor;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A 3 × 3 × 3 convolution that looks back two frames and never ahead.
 *
 * @param weight [out, in, 3, 3, 3]: taps in time, rows, columns
 * @param bias [out]
 */
record CausalConv(Tensor weight, Tensor bias) {
  private static final int TAPS = 3;

  /** How many frames before its own an output sees. */
  static final int BACK = TAPS - 1;

  static CausalConv of(Weights weights, long in, long out) {
    return new CausalConv(
        weights.take("weight", Init.FAN_IN, out, in, TAPS, TAPS, TAPS),
        weights.take("bias", Init.ZEROS, out));
  }

  /** As many frames, rows and columns as x. */
  @Axes("B F Y X C")
  Tensor forward(@Axes("B F Y X C") Tensor x, Past past) {
    try (var scope = Scope.open()) {
      return scope.keep(over(past.join(x, BACK)));
    }
  }

  /** The same of frames that stand behind their past already: F of F + {@link #BACK}. */
  @Axes("B F Y X C")
  Tensor over(@Axes("B F Y X C") Tensor joined) {
    try (var scope = Scope.open()) {
      return scope.keep(sums(joined, bias.to(joined.dtype())));
    }
  }

  /** The same with the bias left to whoever reads it. */
  @Axes("B F Y X C")
  Biased unfinished(@Axes("B F Y X C") Tensor joined) {
    try (var scope = Scope.open()) {
      return new Biased(sums(joined, null), bias.to(joined.dtype())).keptBy(scope);
    }
  }

  private Tensor sums(Tensor joined, @Nullable Tensor shift) {
    var kernel = weight.to(joined.dtype());
    return Processor.singleOn(joined)
        ? planar(joined, kernel, shift)
        : solid(joined, kernel, shift);
  }

  private static Tensor solid(Tensor joined, Tensor kernel, @Nullable Tensor shift) {
    long[] stride = {1, 1, 1};
    long[] padding = {0, 1, 1};
    var seen = joined.permute(0, 4, 1, 2, 3);
    var taps = Eights.filled(kernel).channelsLast();
    var bias = shift == null ? null : Eights.filled(shift);
    var out = Functional.conv3d(seen, taps, bias, stride, padding);
    return Eights.first(out.permute(0, 2, 3, 4, 1), kernel.size(0));
  }

  /**
   * The same sum with the three taps in time as three groups of channels of one picture: LibTorch's
   * float32 conv3d on a processor is a plain loop, over 20 times slower than its conv2d.
   */
  private static Tensor planar(Tensor joined, Tensor kernel, @Nullable Tensor shift) {
    long frames = joined.size(1) - BACK;
    List<Tensor> taps = new ArrayList<>();
    for (int tap = 0; tap < TAPS; tap++) {
      taps.add(joined.narrow(1, tap, frames));
    }
    var seen = Pictures.of(Tensor.cat(taps, -1)); // [B F, 3 C, Y, X]
    var flat =
        kernel
            .permute(0, 2, 1, 3, 4)
            .reshape(kernel.size(0), TAPS * kernel.size(1), TAPS, TAPS)
            .channelsLast();
    long[] one = {1, 1};
    return Pictures.toVideo(Functional.conv2d(seen, flat, shift, one, one), joined.size(0));
  }
}
