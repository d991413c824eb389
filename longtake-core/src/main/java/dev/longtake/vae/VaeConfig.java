package dev.longtake.vae;

import dev.longtake.tensor.Dtype;
import java.util.Collections;
import java.util.List;

/**
 * The sizes of a causal video autoencoder, and the statistics of its latents.
 *
 * <p>Widths, in channels, are {@code dim} times a multiplier for each level, from full resolution
 * to the deepest. Every level but the deepest ends in a halving of rows and columns, and of frames
 * where {@code temporalDown} says so.
 *
 * @param dim base width, at least 1
 * @param zDim channels of a latent, at least 1
 * @param multipliers width of each level in units of dim; at least one level
 * @param resBlocks residual blocks per level of the encoder, at least 1; the decoder has one more
 * @param temporalDown for each level but the deepest, whether it halves the frames too
 * @param latentMean mean of each latent channel before normalisation
 * @param latentStd standard deviation of each latent channel before normalisation, above 0
 */
public record VaeConfig(
    int dim,
    int zDim,
    List<Integer> multipliers,
    int resBlocks,
    List<Boolean> temporalDown,
    List<Double> latentMean,
    List<Double> latentStd) {

  /** Channels of a picture: red, green, blue. */
  public static final int COLOURS = 3;

  /** Wan 2.1's autoencoder: a latent of 16 channels for 8 × 8 pixels of 4 frames. */
  public static final VaeConfig WAN_2_1 =
      new VaeConfig(
          96,
          16,
          List.of(1, 2, 4, 4),
          2,
          List.of(false, true, true),
          List.of(
              -0.7571, -0.7089, -0.9113, 0.1075, -0.1745, 0.9653, -0.1517, 1.5508, //
              0.4134, -0.0715, 0.5517, -0.3632, -0.1922, -0.9497, 0.2503, -0.2921),
          List.of(
              2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743, //
              3.2687, 2.1526, 2.8652, 1.5579, 1.6382, 1.1253, 2.8251, 1.9160));

  /**
   * Checks the sizes and copies the lists.
   *
   * @throws IllegalArgumentException if a size is below 1, a list has the wrong length, a width the
   *     decoder halves is odd, or a standard deviation is not above 0
   */
  public VaeConfig {
    multipliers = List.copyOf(multipliers);
    temporalDown = List.copyOf(temporalDown);
    latentMean = List.copyOf(latentMean);
    latentStd = List.copyOf(latentStd);
    if (dim < 1 || zDim < 1 || resBlocks < 1) {
      throw new IllegalArgumentException(
          "dim " + dim + ", zDim " + zDim + " and resBlocks " + resBlocks + " must be at least 1");
    }
    if (multipliers.isEmpty() || multipliers.stream().anyMatch(m -> m < 1)) {
      throw new IllegalArgumentException(
          "multipliers must be one or more numbers from 1, not " + multipliers);
    }
    checkLength("temporalDown", temporalDown.size(), multipliers.size() - 1);
    checkLength("latentMean", latentMean.size(), zDim);
    checkLength("latentStd", latentStd.size(), zDim);
    if (!latentStd.stream().allMatch(deviation -> deviation > 0)) {
      throw new IllegalArgumentException("latentStd must be above 0, not " + latentStd);
    }
    for (int multiplier : multipliers.subList(1, multipliers.size())) {
      if (dim * multiplier % 2 != 0) {
        throw new IllegalArgumentException(
            "width " + dim + " x " + multiplier + " is odd, and the decoder halves it");
      }
    }
  }

  /** This autoencoder's shape with other statistics, as measured after training. */
  public VaeConfig withStatistics(List<Double> mean, List<Double> std) {
    return new VaeConfig(dim, zDim, multipliers, resBlocks, temporalDown, mean, std);
  }

  /**
   * A small autoencoder of Wan's shape whose latents are left as they are: mean 0, deviation 1.
   *
   * @param dim base width, even
   * @param zDim channels of a latent
   */
  public static VaeConfig small(int dim, int zDim) {
    return new VaeConfig(
        dim,
        zDim,
        WAN_2_1.multipliers,
        WAN_2_1.resBlocks,
        WAN_2_1.temporalDown,
        Collections.nCopies(zDim, 0.0),
        Collections.nCopies(zDim, 1.0));
  }

  /** How many pixels a latent spans across, and down. */
  public int spatialFactor() {
    return 1 << temporalDown.size();
  }

  /** How many pixel frames a latent frame spans, the first of a video apart, which spans one. */
  public int temporalFactor() {
    return 1 << (int) temporalDown.stream().filter(down -> down).count();
  }

  /**
   * How many latent frames a whole video becomes.
   *
   * @param pixelFrames one more than a multiple of the temporal factor
   * @throws IllegalArgumentException if it is not
   */
  public int latentFrames(int pixelFrames) {
    int factor = temporalFactor();
    if (pixelFrames < 1 || (pixelFrames - 1) % factor != 0) {
      throw new IllegalArgumentException(
          pixelFrames
              + " frames do not make whole latents: give 1 + "
              + factor
              + " k, such as "
              + (1 + Math.max(0, pixelFrames - 1) / factor * factor));
    }
    return 1 + (pixelFrames - 1) / factor;
  }

  /** How many pixel frames that many latent frames of a video, from its start, become. */
  public long pixelFrames(long latentFrames) {
    return 1 + temporalFactor() * (latentFrames - 1);
  }

  /**
   * The same for a video that is held as a whole.
   *
   * @throws ArithmeticException if it has more pixel frames than an int can count
   */
  public int pixelFrames(int latentFrames) {
    return Math.toIntExact(pixelFrames((long) latentFrames));
  }

  /**
   * How many bytes a video being decoded leaves behind: two input frames of every causal
   * convolution.
   *
   * @param rows of a latent
   * @param columns of a latent
   * @param dtype of the arithmetic
   */
  public long stateBytes(int rows, int columns, Dtype dtype) {
    var widths = multipliers.reversed();
    var temporal = temporalDown.reversed();
    long pixels = (long) rows * columns;
    long width = (long) dim * widths.getFirst();
    long perFrame = pixels * (zDim + 4 * width); // the first convolution, two blocks of two
    for (int level = 0; level < widths.size(); level++) {
      long wanted = (long) dim * widths.get(level);
      perFrame += pixels * (width + wanted + 2 * wanted * resBlocks);
      width = wanted;
      if (level < temporal.size()) {
        perFrame += temporal.get(level) ? pixels * width : 0;
        width /= 2;
        pixels *= 4;
      }
    }
    return 2 * (perFrame + pixels * width) * dtype.bytes();
  }

  private static void checkLength(String name, int length, int wanted) {
    if (length != wanted) {
      throw new IllegalArgumentException(name + " must have " + wanted + " entries, not " + length);
    }
  }
}
