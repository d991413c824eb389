package dev.longtake.checkpoint;

import java.util.Arrays;
import java.util.Random;

/** What can happen to a file: cut short, bytes changed, a piece repeated or lost. */
final class Damage {
  private Damage() {}

  /**
   * A damaged copy.
   *
   * @param interesting how many bytes from the start hold the structure, where most damage goes
   */
  static byte[] to(byte[] whole, int interesting, Random random) {
    byte[] out = whole.clone();
    int span = Math.min(out.length, random.nextInt(4) == 0 ? out.length : interesting);
    switch (random.nextInt(4)) {
      case 0 -> out = Arrays.copyOf(out, random.nextInt(out.length));
      case 1 -> {
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
          out[random.nextInt(span)] = (byte) random.nextInt(256);
        }
      }
      case 2 -> {
        // Digits, quotes and brackets in place of each other get past a parser's first look.
        byte[] words =
            "0123456789{}[]\",:-. eE\\".getBytes(java.nio.charset.StandardCharsets.UTF_8);
        for (int i = 1 + random.nextInt(2); i > 0; i--) {
          out[random.nextInt(span)] = words[random.nextInt(words.length)];
        }
      }
      default -> {
        int from = random.nextInt(span);
        int length = Math.min(1 + random.nextInt(16), out.length - from);
        int to = random.nextInt(out.length - length + 1);
        System.arraycopy(whole, from, out, to, length);
      }
    }
    return out;
  }
}
