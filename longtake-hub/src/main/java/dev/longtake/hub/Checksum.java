package dev.longtake.hub;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * What a file's content must sum up to.
 *
 * @param kind how it is computed
 * @param hex in lower-case hexadecimal digits
 */
public record Checksum(Kind kind, String hex) {
  private static final Pattern HEX = Pattern.compile("[0-9a-f]+");

  /** Ways to sum up. */
  public enum Kind {
    /** SHA-256 of the content: files in large file storage. */
    SHA_256("SHA-256", 64),
    /** Git's name of the content, a SHA-1 over a header and the content: all other files. */
    GIT_BLOB("SHA-1", 40);

    private final String algorithm;
    private final int digits;

    Kind(String algorithm, int digits) {
      this.algorithm = algorithm;
      this.digits = digits;
    }
  }

  /**
   * Checks the digits.
   *
   * @throws IllegalArgumentException if they are not as many hexadecimal ones as the kind has
   */
  public Checksum {
    hex = hex.toLowerCase(Locale.ROOT);
    if (hex.length() != kind.digits || !HEX.matcher(hex).matches()) {
      throw new IllegalArgumentException("'" + hex + "' is no checksum of kind " + kind);
    }
  }

  /** A digest to be fed the content of a file of that size. */
  MessageDigest begin(long size) {
    try {
      var digest = MessageDigest.getInstance(kind.algorithm);
      if (kind == Kind.GIT_BLOB) {
        digest.update(("blob " + size + "\0").getBytes(StandardCharsets.US_ASCII));
      }
      return digest;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has " + kind.algorithm, e);
    }
  }

  /** Whether a fed digest gives this checksum; the digest starts anew. */
  boolean matches(MessageDigest fed) {
    return hex.equals(HexFormat.of().formatHex(fed.digest()));
  }
}
