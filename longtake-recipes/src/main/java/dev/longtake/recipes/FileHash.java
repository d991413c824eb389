package dev.longtake.recipes;

import dev.longtake.checkpoint.CheckpointException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** What tells a file from any other. */
final class FileHash {
  private FileHash() {}

  /**
   * The file's SHA-256 in hexadecimal.
   *
   * @throws CheckpointException if it cannot be read
   */
  static String of(Path file) {
    try (var in =
        new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
      in.transferTo(OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(in.getMessageDigest().digest());
    } catch (IOException | NoSuchAlgorithmException e) {
      throw new CheckpointException(
          file.toString(), "cannot be read; give the folder of a whole model", e);
    }
  }
}
