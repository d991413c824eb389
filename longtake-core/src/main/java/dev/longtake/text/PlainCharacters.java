package dev.longtake.text;

import static java.util.Map.entry;

import java.nio.charset.Charset;
import java.text.Normalizer;
import java.text.Normalizer.Form;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Makes typography plain: curled quotes straight, ligatures and full-width letters ordinary ones,
 * and drops what cannot be seen.
 *
 * <p>Captions went through the same before the published text encoder read them (Python's ftfy). Of
 * what that does, the repair of text decoded by a wrong table ("Ã©" for "é") is left out.
 */
final class PlainCharacters {
  private static final Pattern TERMINAL = Pattern.compile("\u001b\\[[\\d;]*[A-Za-z]");
  private static final Charset WINDOWS = Charset.forName("windows-1252");
  private static final String REPLACEMENT = "\ufffd";

  /** Letters in one that NFC keeps and readers take for several. */
  private static final Map<Integer, String> LIGATURES =
      Map.ofEntries(
          entry(0x132, "IJ"),
          entry(0x133, "ij"),
          entry(0x149, "\u02bcn"),
          entry(0x1c4, "D\u017d"),
          entry(0x1c5, "D\u017e"),
          entry(0x1c6, "d\u017e"),
          entry(0x1c7, "LJ"),
          entry(0x1c8, "Lj"),
          entry(0x1c9, "lj"),
          entry(0x1ca, "NJ"),
          entry(0x1cb, "Nj"),
          entry(0x1cc, "nj"),
          entry(0x1f1, "DZ"),
          entry(0x1f2, "Dz"),
          entry(0x1f3, "dz"),
          entry(0xfb00, "ff"),
          entry(0xfb01, "fi"),
          entry(0xfb02, "fl"),
          entry(0xfb03, "ffi"),
          entry(0xfb04, "ffl"),
          entry(0xfb05, "\u017ft"),
          entry(0xfb06, "st"));

  private PlainCharacters() {}

  /** Text in Unicode's composed form (NFC) with plain characters only. */
  static String of(String text) {
    var plain = new StringBuilder(text.length());
    TERMINAL.matcher(text).replaceAll("").codePoints().forEach(c -> plain.append(plain(c)));
    return Normalizer.normalize(plain, Form.NFC);
  }

  /** What HTML and careless editors mean by 128 to 159: Windows' characters. */
  static String windows(int code) {
    return new String(new byte[] {(byte) code}, WINDOWS);
  }

  private static String plain(int c) {
    if (c >= 0x80 && c < 0xa0) {
      return windows(c);
    }
    if (isInvisible(c)) {
      return "";
    }
    if (c == 0x2bc || (c >= 0x2018 && c <= 0x201b)) {
      return "'";
    }
    if (c >= 0x201c && c <= 0x201f) {
      return "\"";
    }
    if (c >= 0xff01 && c <= 0xffef) { // full and half width
      return Normalizer.normalize(Character.toString(c), Form.NFKC);
    }
    if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) { // half of a pair, alone
      return REPLACEMENT;
    }
    return LIGATURES.getOrDefault(c, Character.toString(c));
  }

  /** Control characters that are no white space, marks of byte order and of annotations. */
  private static boolean isInvisible(int c) {
    return c < 0x09
        || c == 0x0b
        || (c >= 0x0e && c < 0x20)
        || c == 0x7f
        || (c >= 0x206a && c <= 0x206f)
        || c == 0xfeff
        || (c >= 0xfff9 && c <= 0xfffc);
  }
}
