package dev.longtake.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Divides tensors among files and writes those with their index. */
final class ShardWriter {
  private final Path index;
  private final TensorFile tensors;
  private final List<List<String>> shards;

  private ShardWriter(Path index, TensorFile tensors, List<List<String>> shards) {
    this.index = index;
    this.tensors = tensors;
    this.shards = shards;
  }

  static void write(Path index, TensorFile tensors, long shardBytes, Map<String, String> metadata) {
    if (!index.toString().endsWith(ShardedSafetensors.ENDING)) {
      throw new IllegalArgumentException(
          "an index is called NAME" + ShardedSafetensors.ENDING + ", not " + index);
    }
    if (shardBytes < 1) {
      throw new IllegalArgumentException(
          "a shard of " + shardBytes + " bytes holds nothing; give more, such as 5000000000");
    }
    new ShardWriter(index, tensors, divided(tensors, shardBytes)).write(metadata);
  }

  /** Names in order, as many together as fit. */
  private static List<List<String>> divided(TensorFile tensors, long shardBytes) {
    List<List<String>> shards = new ArrayList<>();
    List<String> shard = new ArrayList<>();
    long bytes = 0;
    for (var name : tensors.names()) {
      if (!shard.isEmpty() && bytes + tensors.bytes(name) > shardBytes) {
        shards.add(shard);
        shard = new ArrayList<>();
        bytes = 0;
      }
      shard.add(name);
      bytes += tensors.bytes(name);
    }
    shards.add(shard);
    return shards;
  }

  private void write(Map<String, String> metadata) {
    var folder =
        index.resolveSibling("." + index.getFileName() + "." + ProcessHandle.current().pid());
    try {
      for (int i = 0; i < shards.size(); i++) {
        var own = Map.copyOf(named(shards.get(i)));
        var part = tensors.renamed(key -> Optional.ofNullable(own.get(key)));
        Safetensors.write(folder.resolve(fileName(i)), part, metadata);
      }
      for (int i = 0; i < shards.size(); i++) {
        var name = fileName(i);
        Files.move(
            folder.resolve(name),
            index.resolveSibling(name),
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
      }
    } catch (IOException e) {
      throw new CheckpointException(
          index.toString(),
          "cannot be written (" + CheckpointException.because(e) + "); check its folder",
          e);
    } finally {
      delete(folder);
    }
    byte[] json = json().getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(index, out -> AtomicFile.writeAll(out, ByteBuffer.wrap(json)));
  }

  private static Map<String, String> named(List<String> names) {
    return names.stream().collect(Collectors.toMap(Function.identity(), Function.identity()));
  }

  private String fileName(int shard) {
    var name = index.getFileName().toString();
    return String.format(
        Locale.ROOT,
        "%s-%05d-of-%05d.safetensors",
        name.substring(0, name.length() - ShardedSafetensors.ENDING.length()),
        shard + 1,
        shards.size());
  }

  private String json() {
    Map<String, String> places = new LinkedHashMap<>();
    for (int i = 0; i < shards.size(); i++) {
      var file = fileName(i);
      shards.get(i).forEach(name -> places.put(name, file));
    }
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("metadata", Map.of("total_size", tensors.bytes()));
    root.put("weight_map", places);
    try {
      return new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(root);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("a name is no text: " + e.getMessage(), e);
    }
  }

  /** What is left of a failure; the failure is the news. */
  private static void delete(Path folder) {
    try (var files = Files.list(folder)) {
      for (var file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(folder);
    } catch (IOException e) {
      // Absent, or still in the way: its name is this process's own.
    }
  }
}
