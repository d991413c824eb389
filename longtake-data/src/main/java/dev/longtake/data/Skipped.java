package dev.longtake.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/** Videos that could not be used, and why; threads may share it. */
public final class Skipped {
  /** What {@link #write} calls its file. */
  public static final String FILE = "skipped.txt";

  private final Map<Path, String> reasons = new ConcurrentSkipListMap<>();

  /** Notes a video; the first reason stays. */
  public void add(Path video, String reason) {
    reasons.putIfAbsent(video, reason);
  }

  /** How many videos. */
  public int count() {
    return reasons.size();
  }

  /** A line for each video, in the order of their names. */
  public List<String> lines() {
    return reasons.entrySet().stream()
        .map(entry -> entry.getKey() + ": " + entry.getValue())
        .toList();
  }

  /**
   * Writes the lines into a folder, or removes the file of an earlier run if there is nothing to
   * tell.
   *
   * @throws IllegalArgumentException if that folder cannot be written to
   */
  public synchronized void write(Path folder) {
    var file = folder.resolve(FILE);
    var part = folder.resolve(FILE + ".part");
    try {
      if (reasons.isEmpty()) {
        Files.deleteIfExists(file);
        return;
      }
      Files.createDirectories(folder);
      Files.write(part, lines());
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          file + " cannot be written (" + e.getMessage() + "); check space and permissions", e);
    }
  }
}
