package dev.longtake.world;

import java.util.Locale;

/**
 * A whole turn of a world as pixels; frames are cut from it, so that each costs microseconds.
 *
 * <p>The projection is a cylinder: yaw grows evenly from column to column, and height is the slope
 * of the line of sight. A frame is a window of a quarter turn, its start rounded to 1/256 of a
 * column and neighbouring columns mixed in proportion. Yaw is in degrees, clockwise seen from
 * above, any real number; a full turn more gives the same frame, bit for bit.
 *
 * <p>Immutable; any number of threads may render from one panorama.
 */
public final class Panorama {
  /** Share of each neighbour in the slight blur that keeps edges soft enough for a video codec. */
  private static final float BLUR = 0.13f;

  private static final int STEPS = 256;

  private final FrameSize size;

  /** Rows of RGB; after a whole turn each row repeats its first columns, so windows never wrap. */
  private final byte[] pixels;

  private final int stride;
  private final byte[] owners;

  private Panorama(FrameSize size, byte[] pixels, int stride, byte[] owners) {
    this.size = size;
    this.pixels = pixels;
    this.stride = stride;
    this.owners = owners;
  }

  /** Renders a whole turn of the world, with frames of the given size in mind. */
  public static Panorama of(World world, FrameSize size) {
    int width = size.turnColumns();
    int height = size.height();
    var colours = new float[3 * width * height];
    var owners = new byte[width * height];
    new RayCaster(world, size).cast(colours, owners);
    var soft = blurDown(blurAcross(colours, width, height), width, height);
    int stride = 3 * (width + size.width() + 1);
    var pixels = new byte[stride * height];
    for (int y = 0; y < height; y++) {
      for (int i = 0; i < stride; i++) {
        float value = soft[3 * width * y + i % (3 * width)];
        pixels[stride * y + i] = (byte) Math.min(255, (int) (value * 255 + 0.5f));
      }
    }
    return new Panorama(size, pixels, stride, owners);
  }

  /** The size of the frames. */
  public FrameSize size() {
    return size;
  }

  /**
   * Renders a frame as bytes.
   *
   * @param yaw where the middle of the frame looks, degrees
   * @param rgb filled with rows of red, green, blue, 0 to 255 each; of {@link FrameSize#bytes()}
   */
  public void render(double yaw, byte[] rgb) {
    if (rgb.length < size.bytes()) {
      throw new IllegalArgumentException(
          "a frame of " + size + " needs " + size.bytes() + " bytes, got " + rgb.length);
    }
    int start = start(yaw);
    int from = 3 * (start / STEPS);
    int right = start % STEPS;
    int left = STEPS - right;
    int row = 3 * size.width();
    for (int y = 0; y < size.height(); y++) {
      int in = stride * y + from;
      int out = row * y;
      if (right == 0) {
        System.arraycopy(pixels, in, rgb, out, row);
        continue;
      }
      for (int i = 0; i < row; i++) {
        int a = pixels[in + i] & 0xFF;
        int b = pixels[in + i + 3] & 0xFF;
        rgb[out + i] = (byte) ((a * left + b * right + STEPS / 2) >> 8);
      }
    }
  }

  /**
   * Renders a frame as three planes of numbers in [-1, 1]: the bytes of {@link #render} divided by
   * 127.5, less 1. For a tensor of [channel, time, height, width], frame t goes to offset
   * t·height·width with a channelStride of times·height·width.
   *
   * @param yaw where the middle of the frame looks, degrees
   * @param out receives height·width values per channel, row by row
   * @param offset where the red plane starts
   * @param channelStride values from the start of one plane to the next, at least height·width
   */
  public void renderPlanar(double yaw, float[] out, int offset, int channelStride) {
    int plane = size.pixels();
    if (offset < 0 || channelStride < plane || out.length - 2L * channelStride - plane < offset) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "planes of %d at offset %d and stride %d do not fit into %d values",
              plane,
              offset,
              channelStride,
              out.length));
    }
    int start = start(yaw);
    int right = start % STEPS;
    int left = STEPS - right;
    int width = size.width();
    for (int y = 0; y < size.height(); y++) {
      int in = stride * y + 3 * (start / STEPS);
      for (int c = 0; c < 3; c++) {
        int to = offset + c * channelStride + y * width;
        for (int x = 0; x < width; x++) {
          int a = pixels[in + 3 * x + c] & 0xFF;
          int b = pixels[in + 3 * x + c + 3] & 0xFF;
          out[to + x] = ((a * left + b * right + STEPS / 2) >> 8) / 127.5f - 1;
        }
      }
    }
  }

  /** Whom a pixel of the turn belongs to, as {@link RayCaster#cast} says; column 0 faces north. */
  byte owner(int column, int row) {
    return owners[row * size.turnColumns() + column];
  }

  /** One 8-bit component of a pixel of the turn. */
  int component(int column, int row, int channel) {
    return pixels[stride * row + 3 * column + channel] & 0xFF;
  }

  /** The left edge of a frame in 1/256 columns from north, 0 to a full turn exclusive. */
  private int start(double yaw) {
    int turn = size.turnColumns() * STEPS;
    double left = Angles.positive(yaw) - FrameSize.FIELD_OF_VIEW / 2;
    return Math.floorMod(Math.round(left / 360 * turn), turn);
  }

  private static float[] blurAcross(float[] from, int width, int height) {
    var to = new float[from.length];
    int row = 3 * width;
    for (int y = 0; y < height; y++) {
      int base = row * y;
      for (int i = 0; i < row; i++) {
        float before = from[base + (i < 3 ? i + row - 3 : i - 3)];
        float after = from[base + (i >= row - 3 ? i - row + 3 : i + 3)];
        to[base + i] = from[base + i] * (1 - 2 * BLUR) + (before + after) * BLUR;
      }
    }
    return to;
  }

  private static float[] blurDown(float[] from, int width, int height) {
    var to = new float[from.length];
    int row = 3 * width;
    for (int y = 0; y < height; y++) {
      int above = row * Math.max(0, y - 1);
      int here = row * y;
      int below = row * Math.min(height - 1, y + 1);
      for (int i = 0; i < row; i++) {
        to[here + i] = from[here + i] * (1 - 2 * BLUR) + (from[above + i] + from[below + i]) * BLUR;
      }
    }
    return to;
  }
}
