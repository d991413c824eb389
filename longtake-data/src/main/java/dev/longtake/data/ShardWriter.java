package dev.longtake.data;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.data.ShardIndex.Entry;
import dev.longtake.data.ShardIndex.Shard;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Writes examples into shards, or goes on where an earlier writer of the same folder was killed.
 * What is not yet a shard is lost then, and made again by whoever asks {@link #holds}. Confined to
 * one thread; a folder has one writer at a time.
 */
public final class ShardWriter implements AutoCloseable {
  private static final String LOCK = "index.lock";

  private final Path folder;
  private final long most;
  private final FileChannel lock;
  private final Set<String> keys = new HashSet<>();
  private final Map<String, Tensor> tensors = new LinkedHashMap<>(); // not yet written
  private final List<Entry> entries = new ArrayList<>();
  private long bytes;
  private int next;

  private ShardWriter(Path folder, long most, FileChannel lock) {
    this.folder = folder;
    this.most = most;
    this.lock = lock;
  }

  /**
   * Opens a folder, made if absent.
   *
   * @param facts what all examples have in common, by name
   * @param damaged what to do about shards that are not as they were written
   * @param most bytes of a shard, above which the next begins, above 0
   * @throws IllegalArgumentException if the folder's examples have other facts, or another writer
   *     is at it
   * @throws CheckpointException if a shard is damaged, naming it
   */
  public static ShardWriter open(
      Path folder, Map<String, String> facts, Damaged damaged, long most) {
    var writer = new ShardWriter(folder, most, claim(folder));
    try {
      writer.begin(facts, damaged);
    } catch (RuntimeException e) {
      writer.close();
      throw e;
    }
    return writer;
  }

  private void begin(Map<String, String> facts, Damaged damaged) {
    var before = List.<Shard>of();
    if (ShardIndex.isIn(folder)) {
      var index = ShardIndex.read(folder);
      requireSame(folder, index.facts(), facts);
      before = index.shards();
    }
    var whole = before.stream().filter(shard -> isWhole(folder, shard, damaged)).toList();
    // Written anew at every start: that cuts off a line that a killed writer began.
    new ShardIndex(facts, whole).write(folder);
    for (var shard : before) {
      next = Math.max(next, shard.number() + 1);
    }
    whole.forEach(shard -> shard.examples().forEach(entry -> keys.add(entry.key())));
  }

  /** The system frees a lock when its process ends, however that ends. */
  private static FileChannel claim(Path folder) {
    try {
      Files.createDirectories(folder);
      var channel =
          FileChannel.open(
              folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (locked(channel)) {
        return channel;
      }
      channel.close();
    } catch (IOException e) {
      throw new CheckpointException(
          folder.toString(), "cannot be written to (" + e.getMessage() + "); check permissions", e);
    }
    throw new IllegalArgumentException(
        folder + " is being written to already; wait for that, or give another folder");
  }

  private static boolean locked(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false; // by this very process
    }
  }

  private static void requireSame(Path folder, Map<String, String> there, Map<String, String> now) {
    var names = new TreeSet<>(there.keySet());
    names.addAll(now.keySet());
    for (var name : names) {
      var old = there.getOrDefault(name, "nothing");
      var fresh = now.getOrDefault(name, "nothing");
      if (!old.equals(fresh)) {
        throw new IllegalArgumentException(
            folder
                + " was encoded with "
                + name
                + " "
                + old
                + ", not "
                + fresh
                + "; give another folder, or encode as before");
      }
    }
  }

  private static boolean isWhole(Path folder, Shard shard, Damaged damaged) {
    try {
      ShardFolder.open(folder, shard).close();
      return true;
    } catch (CheckpointException e) {
      if (damaged == Damaged.REFUSE) {
        throw e;
      }
      try {
        Files.deleteIfExists(folder.resolve(shard.file()));
      } catch (IOException failed) {
        throw new CheckpointException(
            folder.resolve(shard.file()).toString(),
            "cannot be deleted; check permissions",
            failed);
      }
      return false;
    }
  }

  /** Whether an example is there, written or about to be. */
  public boolean holds(String key) {
    return keys.contains(key);
  }

  /** How many examples are there, written or about to be. */
  public int size() {
    return keys.size();
  }

  /**
   * Adds an example; where that fills a shard, it is on disk when this returns.
   *
   * @param key without a slash; not there yet
   * @param caption what it shows
   * @param parts its tensors by name, at least one, copied to the processor
   */
  public void add(String key, String caption, Map<String, Tensor> parts) {
    if (key.isEmpty() || key.contains("/") || parts.isEmpty() || !keys.add(key)) {
      throw new IllegalArgumentException(
          "example '" + key + "' is there already, has no tensor or a name that cannot be a key");
    }
    try (var scope = Scope.open()) {
      parts.forEach(
          (name, tensor) -> {
            var kept = Scope.escape(tensor.detach().to(Device.CPU).copy());
            tensors.put(key + "/" + name, kept);
            bytes += kept.count() * kept.dtype().bytes();
          });
    }
    entries.add(new Entry(key, caption));
    if (bytes >= most) {
      flush();
    }
  }

  /** Writes what is left as a last shard. */
  public void flush() {
    if (entries.isEmpty()) {
      return;
    }
    var name = Shard.name(next);
    var path = folder.resolve(name);
    Safetensors.write(path, tensors, Map.of());
    try {
      ShardIndex.append(folder, new Shard(name, Files.size(path), entries));
    } catch (IOException e) {
      throw new CheckpointException(path.toString(), "cannot be read again; check the disk", e);
    }
    next++;
    drop();
  }

  private void drop() {
    tensors.values().forEach(Tensor::close);
    tensors.clear();
    entries.clear();
    bytes = 0;
  }

  /** Frees what was not flushed, without writing it. */
  @Override
  public void close() {
    drop();
    try {
      lock.close();
    } catch (IOException e) {
      throw new CheckpointException(folder.toString(), "could not be let go of", e);
    }
  }
}
