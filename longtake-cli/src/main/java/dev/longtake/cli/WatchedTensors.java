package dev.longtake.cli;

import dev.longtake.checkpoint.TensorFile;
import dev.longtake.checkpoint.TensorView;
import dev.longtake.tensor.Tensor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/**
 * A file that tells how many bytes of it have been read.
 *
 * @param reached is told after every tensor, and may throw to stop
 * @param done bytes read so far
 */
record WatchedTensors(TensorFile file, LongConsumer reached, AtomicLong done)
    implements TensorView {
  @Override
  public Tensor read(String name) {
    var tensor = file.read(name);
    reached.accept(done.addAndGet(bytes(name)));
    return tensor;
  }
}
