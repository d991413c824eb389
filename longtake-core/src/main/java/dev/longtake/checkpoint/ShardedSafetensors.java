package dev.longtake.checkpoint;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Several safetensors files under one index, {@code *.safetensors.index.json}, whose {@code
 * weight_map} says which file holds which tensor. Files and index must agree: a tensor that the
 * index does not place where it lies would be lost without a word.
 */
public final class ShardedSafetensors implements TensorFile {
  /** What an index's name ends in. */
  public static final String ENDING = ".safetensors.index.json";

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final Path index;
  private final Map<String, Safetensors> byName;

  private ShardedSafetensors(Path index, Map<String, Safetensors> byName) {
    this.index = index;
    this.byName = Collections.unmodifiableMap(byName);
  }

  /**
   * Opens an index and every file it names, which lie beside it.
   *
   * @throws CheckpointException if the index is no index, a file is missing or damaged, or a file
   *     lacks a tensor that the index places there, or holds one that it does not place there
   */
  public static ShardedSafetensors open(Path index) {
    var places = places(index);
    Map<String, Safetensors> open = new LinkedHashMap<>();
    try {
      Map<String, Safetensors> byName = new LinkedHashMap<>();
      for (var place : places.properties()) {
        var shard = shard(index, place.getKey(), place.getValue());
        var file = open.computeIfAbsent(shard, name -> openShard(index, name));
        if (!file.names().contains(place.getKey())) {
          throw new CheckpointException(
              index.toString(),
              "tensor "
                  + CheckpointException.quoted(place.getKey())
                  + " is not in "
                  + shard
                  + ", where the index places it; download both again");
        }
        byName.put(place.getKey(), file);
      }
      open.forEach((shard, file) -> requireAllPlaced(index, byName, shard, file));
      return new ShardedSafetensors(index, byName);
    } catch (RuntimeException e) {
      open.values().forEach(Safetensors::close);
      throw e;
    }
  }

  private static void requireAllPlaced(
      Path index, Map<String, Safetensors> byName, String shard, Safetensors file) {
    for (var tensor : file.names()) {
      if (byName.get(tensor) != file) {
        throw new CheckpointException(
            index.toString(),
            "tensor "
                + CheckpointException.quoted(tensor)
                + " is in "
                + shard
                + ", where the index does not place it; download both again, or give that file by"
                + " itself");
      }
    }
  }

  /**
   * The files that an index names, in its order; none of them is opened.
   *
   * @throws CheckpointException if the index is no index
   */
  public static List<Path> files(Path index) {
    return places(index).properties().stream()
        .map(place -> shard(index, place.getKey(), place.getValue()))
        .distinct()
        .map(index::resolveSibling)
        .toList();
  }

  /**
   * Writes a file's tensors, one after another, as files of a limited size and an index. A tensor
   * larger than that has a file of its own. For the index {@code x.safetensors.index.json} the
   * files are {@code x-00001-of-0000N.safetensors} beside it. They get their names when all are
   * written, the index last.
   *
   * @param shardBytes most bytes of tensors in a file
   * @throws CheckpointException if they cannot be written
   * @throws IllegalArgumentException if the index has another ending or the limit is below 1
   */
  public static void write(
      Path index, TensorFile tensors, long shardBytes, Map<String, String> metadata) {
    ShardWriter.write(index, tensors, shardBytes, metadata);
  }

  private static JsonNode places(Path index) {
    if (!Files.isRegularFile(index)) {
      throw new CheckpointException(index.toString(), "no such file; check the path");
    }
    try {
      var places = JSON.readTree(index.toFile()).path("weight_map");
      if (!places.isObject()) {
        throw new CheckpointException(
            index.toString(), "is no index of safetensors: it has no weight_map; check the path");
      }
      return places;
    } catch (IOException e) {
      throw new CheckpointException(
          index.toString(),
          "is no readable JSON (" + CheckpointException.because(e) + "); download it again",
          e);
    }
  }

  private static String shard(Path index, String tensor, JsonNode place) {
    var name = place.asText("");
    // A plain name only: an index must not lead out of its folder.
    if (!place.isTextual() || !name.matches("[^/\\\\:\\p{Cntrl}]+") || name.matches("\\.+")) {
      throw new CheckpointException(
          index.toString(),
          "places tensor "
              + CheckpointException.quoted(tensor)
              + " in "
              + CheckpointException.quoted(name)
              + ", which is no file name; download it again");
    }
    return name;
  }

  private static Safetensors openShard(Path index, String name) {
    var path = index.resolveSibling(name);
    if (!Files.isRegularFile(path)) {
      throw new CheckpointException(
          index.toString(), "its part " + name + " is missing beside it; download that file too");
    }
    return Safetensors.open(path);
  }

  @Override
  public String description() {
    return index.toString();
  }

  @Override
  public Set<String> names() {
    return byName.keySet();
  }

  @Override
  public Dtype dtype(String name) {
    return file(name).dtype(name);
  }

  @Override
  public long[] shape(String name) {
    return file(name).shape(name);
  }

  @Override
  public Tensor read(String name) {
    return file(name).read(name);
  }

  /** The free text of all files together; where they differ, the last one's. */
  @Override
  public Map<String, String> metadata() {
    Map<String, String> all = new LinkedHashMap<>();
    byName.values().stream().distinct().forEach(file -> all.putAll(file.metadata()));
    return all;
  }

  @Override
  public void close() {
    byName.values().forEach(Safetensors::close);
  }

  private Safetensors file(String name) {
    var file = byName.get(name);
    if (file == null) {
      throw Absent.tensor(this, name);
    }
    return file;
  }
}
