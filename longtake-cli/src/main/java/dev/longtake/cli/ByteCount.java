package dev.longtake.cli;

import java.util.Locale;
import java.util.regex.Pattern;

/** Numbers of bytes as people write them, in powers of ten. */
final class ByteCount {
  private static final String[] UNITS = {"bytes", "kB", "MB", "GB", "TB"};
  private static final Pattern TEXT =
      Pattern.compile("(\\d{1,9}(?:\\.\\d{1,6})?) ?(kB|KB|MB|GB|TB)");

  private ByteCount() {}

  /** Three digits and a unit, such as 5.68 GB. */
  static String words(long bytes) {
    double number = bytes;
    int unit = 0;
    while (number >= 999.5 && unit < UNITS.length - 1) {
      number /= 1000;
      unit++;
    }
    var format = unit == 0 || number >= 99.95 ? "%.0f %s" : number >= 9.995 ? "%.1f %s" : "%.2f %s";
    return String.format(Locale.ROOT, format, number, UNITS[unit]);
  }

  /**
   * Reads such a number.
   *
   * @throws IllegalArgumentException naming the option, if it is none
   */
  static long parse(String option, String text) {
    var match = TEXT.matcher(text);
    double bytes = match.matches() ? Double.parseDouble(match.group(1)) : 0;
    if (match.matches()) {
      for (int unit = 0; !UNITS[unit].equalsIgnoreCase(match.group(2)); unit++) {
        bytes *= 1000;
      }
    }
    if (bytes < 1) {
      throw new IllegalArgumentException(
          option + " is '" + text + "'; give a size above 0 with its unit, such as 5GB or 500MB");
    }
    return (long) bytes;
  }
}
