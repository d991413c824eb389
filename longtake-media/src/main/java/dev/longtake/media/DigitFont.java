package dev.longtake.media;

import java.util.Locale;

/** Digits, colon and point, five pixels wide and seven high, for machines without fonts. */
public final class DigitFont {

  /** Pixels from top to bottom at scale 1. */
  public static final int HEIGHT = 7;

  private static final int ADVANCE = 6;
  private static final String CHARACTERS = "0123456789:.";

  /** Rows from the top, five bits each, the leftmost pixel in the highest bit. */
  private static final int[][] GLYPHS = {
    {0b01110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110},
    {0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110},
    {0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111},
    {0b01110, 0b10001, 0b00001, 0b00110, 0b00001, 0b10001, 0b01110},
    {0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010},
    {0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110},
    {0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110},
    {0b11111, 0b00001, 0b00010, 0b00010, 0b00100, 0b00100, 0b00100},
    {0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110},
    {0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100},
    {0b00000, 0b00100, 0b00100, 0b00000, 0b00100, 0b00100, 0b00000},
    {0b00000, 0b00000, 0b00000, 0b00000, 0b00000, 0b01100, 0b01100},
  };

  private DigitFont() {}

  /** Pixels that a text takes at scale 1. */
  public static int width(String text) {
    return ADVANCE * text.length() - 1;
  }

  /**
   * Draws a text with its top-left corner at (x, y); what lies outside the picture is left out.
   *
   * @param canvas is drawn upon
   * @param text of digits, colons and points
   * @param scale pixels that each font pixel is wide and high, at least 1
   * @param colour {@code 0xRRGGBB}
   * @throws IllegalArgumentException if the text has other characters
   */
  public static void draw(Frame canvas, String text, int x, int y, int scale, int colour) {
    for (int i = 0; i < text.length(); i++) {
      int character = CHARACTERS.indexOf(text.charAt(i));
      if (character < 0) {
        throw new IllegalArgumentException(
            String.format(Locale.ROOT, "'%s' has a character other than %s", text, CHARACTERS));
      }
      glyph(canvas, GLYPHS[character], x + i * ADVANCE * scale, y, scale, colour);
    }
  }

  private static void glyph(Frame canvas, int[] rows, int x, int y, int scale, int colour) {
    for (int row = 0; row < HEIGHT * scale; row++) {
      for (int column = 0; column < 5 * scale; column++) {
        if ((rows[row / scale] >> (4 - column / scale) & 1) != 0) {
          plot(canvas, x + column, y + row, colour);
        }
      }
    }
  }

  /** Sets a pixel; what lies outside is left out. */
  private static void plot(Frame canvas, int x, int y, int colour) {
    if (x >= 0 && x < canvas.width() && y >= 0 && y < canvas.height()) {
      int i = 3 * (y * canvas.width() + x);
      canvas.rgb()[i] = (byte) (colour >> 16);
      canvas.rgb()[i + 1] = (byte) (colour >> 8);
      canvas.rgb()[i + 2] = (byte) colour;
    }
  }
}
