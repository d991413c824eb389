package dev.longtake.text;

import java.util.Map;
import java.util.regex.Pattern;

/**
 * Prompts as the published models saw them in training: HTML entities resolved, typography made
 * plain, white space made regular.
 */
public final class PromptText {
  private static final Pattern SPACE = Pattern.compile("\\s+", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern ENTITY =
      Pattern.compile("&(?:#(\\d{1,9})|#[xX](\\p{XDigit}{1,7})|([A-Za-z]{2,8}));");
  private static final int REPLACEMENT = 0xfffd;

  /** The names that stand in captions gathered from web pages. */
  private static final Map<String, String> NAMED =
      Map.ofEntries(
          Map.entry("amp", "&"),
          Map.entry("lt", "<"),
          Map.entry("gt", ">"),
          Map.entry("quot", "\""),
          Map.entry("apos", "'"),
          Map.entry("nbsp", "\u00a0"),
          Map.entry("copy", "©"),
          Map.entry("reg", "®"),
          Map.entry("trade", "™"),
          Map.entry("deg", "°"),
          Map.entry("hellip", "…"),
          Map.entry("ndash", "–"),
          Map.entry("mdash", "—"),
          Map.entry("lsquo", "‘"),
          Map.entry("rsquo", "’"),
          Map.entry("ldquo", "“"),
          Map.entry("rdquo", "”"),
          Map.entry("laquo", "«"),
          Map.entry("raquo", "»"),
          Map.entry("bull", "•"),
          Map.entry("middot", "·"),
          Map.entry("times", "×"),
          Map.entry("euro", "€"),
          Map.entry("pound", "£"),
          Map.entry("eacute", "é"),
          Map.entry("egrave", "è"),
          Map.entry("agrave", "à"),
          Map.entry("ccedil", "ç"),
          Map.entry("auml", "ä"),
          Map.entry("ouml", "ö"),
          Map.entry("uuml", "ü"),
          Map.entry("szlig", "ß"),
          Map.entry("ntilde", "ñ"));

  private PromptText() {}

  /**
   * Resolves entities twice, since text taken from web pages is often escaped twice, makes quotes
   * straight and wide or joined letters ordinary ones, makes one space of each run of white space,
   * and drops it at both ends. Names of entities that captions do not use stay as they are.
   */
  public static String clean(String prompt) {
    var plain = PlainCharacters.of(unescape(unescape(prompt)));
    return SPACE.matcher(plain).replaceAll(" ").strip();
  }

  private static String unescape(String text) {
    return ENTITY
        .matcher(text)
        .replaceAll(
            found -> {
              var plain =
                  found.group(1) != null
                      ? character(Integer.parseInt(found.group(1)))
                      : found.group(2) != null
                          ? character(Integer.parseInt(found.group(2), 16))
                          : NAMED.getOrDefault(found.group(3), found.group());
              return java.util.regex.Matcher.quoteReplacement(plain);
            });
  }

  /** By HTML's rules: 128 to 159 mean Windows' characters, and what is none becomes U+FFFD. */
  private static String character(int code) {
    if (code >= 0x80 && code < 0xa0) {
      return PlainCharacters.windows(code);
    }
    boolean valid =
        code > 0
            && Character.isValidCodePoint(code)
            && !(code >= Character.MIN_SURROGATE && code <= Character.MAX_SURROGATE);
    return Character.toString(valid ? code : REPLACEMENT);
  }
}
