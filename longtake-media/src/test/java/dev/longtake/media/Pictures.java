package dev.longtake.media;

import java.util.List;
import java.util.stream.IntStream;

/** Smooth moving test pictures and how near two pictures are. */
final class Pictures {

  private Pictures() {}

  /** A soft coloured wave that moves with the index. */
  static Frame wave(int width, int height, int index) {
    var rgb = new byte[3 * width * height];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        double u = (double) x / width;
        double v = (double) y / height;
        int i = 3 * (y * width + x);
        rgb[i] = level(0.5 + 0.4 * Math.sin(6 * u + 0.2 * index));
        rgb[i + 1] = level(0.5 + 0.4 * Math.sin(5 * v - 0.15 * index));
        rgb[i + 2] = level(0.5 + 0.4 * Math.cos(4 * (u + v) + 0.1 * index));
      }
    }
    return new Frame(width, height, rgb);
  }

  static List<Frame> waves(int width, int height, int from, int count) {
    return IntStream.range(from, from + count).mapToObj(i -> wave(width, height, i)).toList();
  }

  /** Peak signal-to-noise ratio in dB; infinite for equal pictures. */
  static double psnr(Frame left, Frame right) {
    double squares = 0;
    for (int i = 0; i < left.rgb().length; i++) {
      int difference = (left.rgb()[i] & 0xff) - (right.rgb()[i] & 0xff);
      squares += difference * difference;
    }
    return 10 * Math.log10(255.0 * 255.0 * left.rgb().length / squares);
  }

  private static byte level(double value) {
    return (byte) Math.round(255 * value);
  }
}
