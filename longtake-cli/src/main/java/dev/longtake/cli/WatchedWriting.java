package dev.longtake.cli;

import dev.longtake.checkpoint.TensorFile;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** Weights that are written tensor by tensor, with progress, until it is done or told to stop. */
final class WatchedWriting {
  private WatchedWriting() {}

  /**
   * Writes.
   *
   * @param bytes of all tensors
   * @param writing writes files, each of which it is to have watched; leaves nothing if it is ended
   * @return whether it was done
   */
  static boolean run(Terminal terminal, long bytes, Consumer<UnaryOperator<TensorFile>> writing) {
    var done = new AtomicLong();
    try (var stop = Interruption.watch(terminal, () -> "stopped; nothing is written");
        var progress = Progress.of(terminal, bytes, Progress.Unit.MEGABYTES)) {
      writing.accept(
          tensors ->
              new WatchedTensors(
                  tensors,
                  reached -> {
                    progress.reached(reached);
                    if (stop.requested()) {
                      throw new CancellationException();
                    }
                  },
                  done));
      return true;
    } catch (CancellationException e) {
      return false;
    }
  }
}
