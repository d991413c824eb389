package dev.longtake.media;

import java.math.BigInteger;
import java.util.Comparator;
import java.util.regex.Pattern;

/** Orders names as a person does: {@code shot2} before {@code shot10}. */
final class NumberedNames implements Comparator<String> {

  /** The borders between digits and anything else. */
  private static final Pattern BORDERS = Pattern.compile("(?<=\\d)(?=\\D)|(?<=\\D)(?=\\d)");

  @Override
  public int compare(String left, String right) {
    var lefts = BORDERS.split(left);
    var rights = BORDERS.split(right);
    for (int i = 0; i < Math.min(lefts.length, rights.length); i++) {
      int order = compareParts(lefts[i], rights[i]);
      if (order != 0) {
        return order;
      }
    }
    int byLength = Integer.compare(lefts.length, rights.length);
    return byLength != 0 ? byLength : left.compareTo(right); // "07" and "7" are still two names
  }

  private static int compareParts(String left, String right) {
    return isNumber(left) && isNumber(right)
        ? new BigInteger(left).compareTo(new BigInteger(right))
        : left.compareTo(right);
  }

  private static boolean isNumber(String part) {
    return !part.isEmpty() && part.charAt(0) >= '0' && part.charAt(0) <= '9';
  }
}
