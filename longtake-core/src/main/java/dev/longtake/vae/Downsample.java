package dev.longtake.vae;

import dev.longtake.nn.Init;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Halves rows and columns, and with a time convolution frames too.
 *
 * <p>A video's first frame passes the time convolution by; every later output frame sees the two
 * frames it stands for and the one before them.
 *
 * @param weight [C, C, 3, 3]
 * @param bias [C]
 * @param time absent where the number of frames stays
 */
record Downsample(Tensor weight, Tensor bias, @Nullable TimeConv time) implements Layer {

  static Downsample of(Weights weights, long channels, boolean temporal) {
    var resample = weights.at("resample.1");
    return new Downsample(
        resample.take("weight", Init.FAN_IN, channels, channels, 3, 3),
        resample.take("bias", Init.ZEROS, channels),
        temporal ? TimeConv.of(weights.at("time_conv"), channels, channels) : null);
  }

  @Override
  public Tensor forward(Tensor x, Past past) {
    try (var scope = Scope.open()) {
      var small = halved(x);
      if (time == null) {
        return scope.keep(small);
      }
      if (!past.atStart()) {
        return scope.keep(time.everyOther(past.join(small, 1)));
      }
      past.remember(small, 1);
      if (small.size(1) == 1) {
        return scope.keep(small);
      }
      return scope.keep(Tensor.cat(List.of(small.narrow(1, 0, 1), time.everyOther(small)), 1));
    }
  }

  /** Windows start at even rows and columns, so one row and column of zeros follows the picture. */
  private Tensor halved(Tensor x) {
    try (var scope = Scope.open()) {
      long[] stride = {2, 2};
      long[] padding = {0, 0};
      var padded = Functional.pad(x, 0, 0, 0, 1, 0, 1);
      var small =
          Functional.conv2d(
              Pictures.of(padded),
              weight.to(x.dtype()).channelsLast(),
              bias.to(x.dtype()),
              stride,
              padding);
      return scope.keep(Pictures.toVideo(small, x.size(0)));
    }
  }
}
