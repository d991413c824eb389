package dev.longtake.vae;

import dev.longtake.nn.Init;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Doubles rows and columns, and with a time convolution frames too; halves the channels.
 *
 * <p>A video's first frame stays one frame, and the time convolution does not see it: to it the
 * video begins with the second.
 *
 * @param weight [C/2, C, 3, 3]
 * @param bias [C/2]
 * @param time from C to 2 C channels: two frames' worth; absent where the number of frames stays
 */
record Upsample(Tensor weight, Tensor bias, @Nullable TimeConv time) implements Layer {

  static Upsample of(Weights weights, long channels, boolean temporal) {
    var resample = weights.at("resample.1");
    return new Upsample(
        resample.take("weight", Init.FAN_IN, channels / 2, channels, 3, 3),
        resample.take("bias", Init.ZEROS, channels / 2),
        temporal ? TimeConv.of(weights.at("time_conv"), channels, 2 * channels) : null);
  }

  @Override
  public Tensor forward(Tensor x, Past past) {
    try (var scope = Scope.open()) {
      if (time == null) {
        return scope.keep(doubled(x, weight, bias));
      }
      if (!past.atStart()) {
        return scope.keep(doubled(interleaved(time, past.join(x, 2)), weight, bias));
      }
      var first = x.narrow(1, 0, 1);
      var joined = past.join(x.narrow(1, 1, x.size(1) - 1), 2);
      if (x.size(1) == 1) {
        return scope.keep(doubled(first, weight, bias));
      }
      var all = Tensor.cat(List.of(first, interleaved(time, joined)), 1);
      return scope.keep(doubled(all, weight, bias));
    }
  }

  /** Output frames 2t and 2t + 1 are the two halves of the time convolution's channels at t. */
  private static Tensor interleaved(TimeConv time, Tensor joined) {
    try (var scope = Scope.open()) {
      var both = time.everyFrame(joined); // [B, F, Y, X, 2 C]
      long b = both.size(0);
      long f = both.size(1);
      long y = both.size(2);
      long x = both.size(3);
      return scope.keep(
          both.reshape(b, f, y, x, 2, -1).permute(0, 1, 4, 2, 3, 5).reshape(b, 2 * f, y, x, -1));
    }
  }

  /**
   * Nearest-neighbour doubling and the 3 × 3 convolution after it, as one transposed convolution:
   * each output pixel meets 2 × 2 input pixels, so 9 products become 4 and the wide picture between
   * the two is never made.
   *
   * @param weight [out, in, 3, 3]
   * @param bias [out], or absent
   */
  static @Axes("B F Y X C") Tensor doubled(
      @Axes("B F y x c") Tensor x, Tensor weight, @Nullable Tensor bias) {
    try (var scope = Scope.open()) {
      long[] stride = {2, 2};
      long[] padding = {1, 1};
      var large =
          Functional.convTranspose2d(
              Pictures.of(x),
              spread(weight).to(x.dtype()).channelsLast(),
              bias == null ? null : bias.to(x.dtype()),
              stride,
              padding);
      return scope.keep(Pictures.toVideo(large, x.size(0)));
    }
  }

  /**
   * Along one axis output 2i sees w0 of input i − 1 and w1 + w2 of i, and 2i + 1 sees w0 + w1 of i
   * and w2 of i + 1. A transposed convolution of stride 2 and padding 1 pairs output o with input i
   * by tap o + 1 − 2i, so its four taps are w2, w1 + w2, w0 + w1, w0.
   */
  private static @Axes("c C 4 4") Tensor spread(@Axes("C c 3 3") Tensor weight) {
    try (var scope = Scope.open()) {
      var flipped = weight.to(Dtype.FLOAT32).flipped(2, 3).transpose(0, 1);
      var rows = Functional.pad(flipped, 0, 0, 0, 1).plus(Functional.pad(flipped, 0, 0, 1, 0));
      return scope.keep(Functional.pad(rows, 0, 1).plus(Functional.pad(rows, 1, 0)));
    }
  }
}
