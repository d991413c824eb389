package dev.longtake.train;

import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * The SHA-256 of named tensors: of each name and its elements' bytes, in the order of the names.
 */
final class Checksum {
  /** How much of a tensor is brought into Java's memory at a time. */
  private static final long PIECE_BYTES = 16 << 20;

  private Checksum() {}

  /** In hexadecimal. */
  static String of(Map<String, Tensor> tensors) {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      new TreeMap<>(tensors)
          .forEach(
              (name, tensor) -> {
                digest.update(name.getBytes(StandardCharsets.UTF_8));
                update(digest, tensor);
              });
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static void update(MessageDigest digest, Tensor tensor) {
    long count = tensor.count();
    long step = PIECE_BYTES / tensor.dtype().bytes();
    for (long start = 0; start < count; start += step) {
      try (var scope = Scope.open()) {
        var flat = tensor.detach().contiguous().reshape(count);
        digest.update(flat.narrow(0, start, Math.min(step, count - start)).toBytes());
      }
    }
  }
}
