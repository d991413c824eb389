package dev.longtake.hub;

import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * A file of a repository.
 *
 * @param path in the repository, with slashes
 * @param size in bytes
 * @param checksum of its content
 */
public record HubFile(String path, long size, Checksum checksum) {
  private static final Pattern UNSAFE = Pattern.compile("[\\\\:\\p{Cntrl}]");

  /**
   * Checks the path: it must not lead out of a folder it is resolved in.
   *
   * @throws HubException if it does, or the size is negative
   */
  public HubFile {
    boolean safe =
        !path.isEmpty()
            && !UNSAFE.matcher(path).find()
            && Arrays.stream(path.split("/", -1))
                .noneMatch(s -> s.isEmpty() || s.equals(".") || s.equals(".."));
    if (!safe || size < 0) {
      throw new HubException(
          "the listing has a file '"
              + UNSAFE.matcher(path).replaceAll("?")
              + "' of "
              + size
              + " bytes, which is no file of a repository; do not trust this server");
    }
  }
}
