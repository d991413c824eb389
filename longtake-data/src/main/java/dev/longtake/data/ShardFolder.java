package dev.longtake.data;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.data.ShardIndex.Shard;
import dev.longtake.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/**
 * Examples in sharded safetensors, memory-mapped and read in any order. An example has a key, a
 * caption, and tensors by name. Safe to read from several threads.
 */
public final class ShardFolder implements AutoCloseable {
  private record Place(ShardIndex.Entry entry, Safetensors file) {}

  private final Path folder;
  private final Map<String, String> facts;
  private final List<Safetensors> files;
  private final List<Place> places;

  private ShardFolder(
      Path folder, Map<String, String> facts, List<Safetensors> files, List<Place> places) {
    this.folder = folder;
    this.facts = facts;
    this.files = files;
    this.places = places;
  }

  /**
   * Opens a folder and looks at the head of every shard.
   *
   * @throws CheckpointException if it holds no examples, or naming the shard that is damaged
   */
  public static ShardFolder open(Path folder) {
    var index = ShardIndex.read(folder);
    var files = new ArrayList<Safetensors>();
    var places = new ArrayList<Place>();
    try {
      for (var shard : index.shards()) {
        var file = open(folder, shard);
        files.add(file);
        shard.examples().forEach(entry -> places.add(new Place(entry, file)));
      }
      if (places.isEmpty()) {
        throw new CheckpointException(
            folder.toString(), "holds no example yet; let what encodes it run on");
      }
    } catch (RuntimeException e) {
      files.forEach(Safetensors::close);
      throw e;
    }
    return new ShardFolder(folder, index.facts(), files, places);
  }

  /**
   * Opens a shard that the index speaks of.
   *
   * @throws CheckpointException naming it, if it is absent, of another size or lacks an example
   */
  static Safetensors open(Path folder, Shard shard) {
    var path = folder.resolve(shard.file());
    long bytes = size(path);
    if (bytes != shard.bytes()) {
      throw damaged(path, shard, "it has " + bytes + " of " + shard.bytes() + " bytes");
    }
    Safetensors file;
    try {
      file = Safetensors.open(path);
    } catch (CheckpointException e) {
      throw damaged(path, shard, "its head is damaged");
    }
    var keys = new HashSet<String>();
    file.names().forEach(name -> keys.add(name.substring(0, name.lastIndexOf('/') + 1)));
    for (var entry : shard.examples()) {
      if (!keys.contains(entry.key() + "/")) {
        file.close();
        throw damaged(path, shard, "it lacks example " + entry.key());
      }
    }
    return file;
  }

  private static long size(Path file) {
    try {
      return Files.isRegularFile(file) ? Files.size(file) : 0;
    } catch (IOException e) {
      return 0;
    }
  }

  private static CheckpointException damaged(Path path, Shard shard, String what) {
    return new CheckpointException(
        path.toString(),
        what
            + "; encode again with --delete-damaged (a run of ode-pairs: --set damaged=delete) to"
            + " make its "
            + shard.examples().size()
            + " examples anew");
  }

  /** What all examples have in common, by name. */
  public Map<String, String> facts() {
    return facts;
  }

  /** A fact that whoever made the folder must have written. */
  public String fact(String name) {
    var value = facts.get(name);
    if (value == null) {
      throw new CheckpointException(
          folder.toString(), "does not say its " + name + "; it holds examples of another kind");
    }
    return value;
  }

  /** How many examples. */
  public int size() {
    return places.size();
  }

  /** The key of an example. */
  public String key(int number) {
    return places.get(number).entry().key();
  }

  /** What an example shows. */
  public String caption(int number) {
    return places.get(number).entry().caption();
  }

  /** A copy of a tensor of an example, on the processor, owned by the caller's scope. */
  public Tensor read(int number, String name) {
    var place = places.get(number);
    return place.file().read(place.entry().key() + "/" + name);
  }

  @Override
  public void close() {
    files.forEach(Safetensors::close);
  }
}
