package dev.longtake.cli;

import dev.longtake.checkpoint.TensorFile;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Tensor;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/**
 * A file that tells how many bytes of it have been read.
 *
 * @param reached is told after every tensor, and may throw to stop
 * @param done bytes read so far
 */
record WatchedTensors(TensorFile file, LongConsumer reached, AtomicLong done)
    implements TensorFile {

  @Override
  public String description() {
    return file.description();
  }

  @Override
  public Set<String> names() {
    return file.names();
  }

  @Override
  public Dtype dtype(String name) {
    return file.dtype(name);
  }

  @Override
  public long[] shape(String name) {
    return file.shape(name);
  }

  @Override
  public Tensor read(String name) {
    var tensor = file.read(name);
    reached.accept(done.addAndGet(bytes(name)));
    return tensor;
  }

  @Override
  public Map<String, String> metadata() {
    return file.metadata();
  }

  @Override
  public void close() {
    file.close();
  }
}
