package dev.longtake.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.longtake.checkpoint.CheckpointException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The index of a folder of shards, {@value #FILE}: a line of facts that hold for all examples, then
 * a line for each shard. A line that was being written when the process died has no end, and does
 * not count.
 *
 * @param facts what all examples have in common, by name
 * @param shards in the order they were written
 */
record ShardIndex(Map<String, String> facts, List<Shard> shards) {
  static final String FILE = "index.jsonl";

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .build();

  /** An example: its tensors are named {@code KEY/NAME}. */
  record Entry(String key, String caption) {}

  /** A file of so many bytes and the examples in it. */
  record Shard(String file, long bytes, List<Entry> examples) {
    Shard {
      examples = List.copyOf(examples);
      if (!file.matches("shard-\\d{5,9}\\.safetensors")) { // must not lead out of its folder
        throw new IllegalArgumentException("'" + file + "' is no name of a shard");
      }
    }

    static String name(int number) {
      return String.format(Locale.ROOT, "shard-%05d.safetensors", number);
    }

    int number() {
      return Integer.parseInt(file.replaceAll("\\D", ""));
    }
  }

  private record Facts(Map<String, String> facts) {}

  ShardIndex {
    facts = Map.copyOf(facts);
    shards = List.copyOf(shards);
  }

  static boolean isIn(Path folder) {
    return Files.isRegularFile(folder.resolve(FILE));
  }

  /**
   * Reads a folder's index.
   *
   * @throws CheckpointException if there is none, or a whole line is none of an index
   */
  static ShardIndex read(Path folder) {
    var file = folder.resolve(FILE);
    if (!isIn(folder)) {
      throw new CheckpointException(
          folder.toString(), "holds no encoded examples: it has no " + FILE + "; check the path");
    }
    int number = 0;
    try {
      var text = Files.readString(file);
      var lines = text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
      if (lines.isEmpty()) {
        throw new CheckpointException(file.toString(), "is empty; delete it to begin anew");
      }
      var facts = JSON.readValue(lines.getFirst(), Facts.class).facts();
      var shards = new ArrayList<Shard>();
      for (number = 1; number < lines.size(); number++) {
        shards.add(JSON.readValue(lines.get(number), Shard.class));
      }
      return new ShardIndex(facts, shards);
    } catch (JsonProcessingException e) {
      throw new CheckpointException(
          file.toString(), "line " + (number + 1) + " is damaged; delete that line", e);
    } catch (IOException e) {
      throw new CheckpointException(
          file.toString(), "cannot be read (" + e.getMessage() + "); check its permissions", e);
    }
  }

  /** Writes the whole index, in place of the one before. */
  void write(Path folder) {
    var text = new StringBuilder(line(new Facts(new TreeMap<>(facts))));
    shards.forEach(shard -> text.append(line(shard)));
    var part = folder.resolve(FILE + ".part");
    try {
      Files.createDirectories(folder);
      append(part, text.toString(), StandardOpenOption.TRUNCATE_EXISTING);
      Files.move(
          part,
          folder.resolve(FILE),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw unwritable(folder, e);
    }
  }

  /** Adds a line for a shard that is whole on disk. */
  static void append(Path folder, Shard shard) {
    try {
      append(folder.resolve(FILE), line(shard), StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw unwritable(folder, e);
    }
  }

  private static void append(Path file, String text, StandardOpenOption how) throws IOException {
    try (var out =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, how)) {
      var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
      out.force(true);
    }
  }

  private static String line(Object value) {
    try {
      return JSON.writeValueAsString(value) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("an index is text and numbers", e);
    }
  }

  private static CheckpointException unwritable(Path folder, IOException e) {
    return new CheckpointException(
        folder.resolve(FILE).toString(),
        "cannot be written (" + e.getMessage() + "); check space and permissions",
        e);
  }
}
