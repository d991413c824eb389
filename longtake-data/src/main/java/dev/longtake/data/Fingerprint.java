package dev.longtake.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What tells one thing to be encoded from another: a hash over parts, each with its length, so that
 * none runs into the next. Of a file it takes the size and the first and last mebibyte: enough to
 * tell weights and videos apart, and quick where there are terabytes.
 */
public final class Fingerprint {
  private static final int WINDOW = 1 << 20;
  private static final int DIGITS = 32;

  private final MessageDigest digest;

  /** Of nothing yet. */
  public Fingerprint() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Takes text in. */
  public Fingerprint with(String text) {
    return with(text.getBytes(StandardCharsets.UTF_8), Integer.MAX_VALUE);
  }

  /** Takes a file in, by what it holds. */
  public Fingerprint with(Path file) throws IOException {
    try (var channel = FileChannel.open(file)) {
      long size = channel.size();
      digest.update(ByteBuffer.allocate(Long.BYTES).putLong(size).flip());
      window(channel, 0, size);
      return window(channel, Math.max(WINDOW, size - WINDOW), size);
    }
  }

  /** Takes a file in, by what it holds and when it was last changed. */
  public Fingerprint withTime(Path file) throws IOException {
    return with(Long.toString(Files.getLastModifiedTime(file).toMillis())).with(file);
  }

  private Fingerprint window(FileChannel channel, long from, long size) throws IOException {
    var bytes = ByteBuffer.allocate(Math.clamp(size - from, 0, WINDOW));
    int read = 0;
    while (bytes.hasRemaining() && read >= 0) {
      read = channel.read(bytes, from + bytes.position());
    }
    return with(bytes.array(), bytes.position());
  }

  private Fingerprint with(byte[] bytes, int most) {
    int length = Math.min(bytes.length, most);
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(length).flip());
    digest.update(bytes, 0, length);
    return this;
  }

  /** The hash so far as hexadecimal digits; what comes later begins anew. */
  public String digits() {
    return HexFormat.of().formatHex(digest.digest()).substring(0, DIGITS);
  }
}
