package dev.longtake.memory;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Something of every frame that is held, for a batch of videos, in memory that stays where it is
 * for as long as there is room: what lives long lies in one place, and what comes and goes
 * meanwhile leaves no gaps around it.
 *
 * <p>Axes: B batch, F frames, n some of them, then whatever is kept of a frame.
 */
public final class FrameStack implements AutoCloseable {
  private final int capacity;
  private @Nullable Tensor room; // [B, R, ...]
  private long count;

  /**
   * Empty.
   *
   * @param capacity frames there is room for from the first on; more is made for more
   */
  public FrameStack(int capacity) {
    this.capacity = capacity;
  }

  /** Whether nothing is held. */
  public boolean isEmpty() {
    return count == 0;
  }

  /**
   * All that is held, a view owned by the caller's scope, to be read before anything changes.
   *
   * @throws IllegalStateException if nothing is
   */
  public @Axes("B F ...") Tensor frames() {
    if (room == null || count == 0) {
      throw new IllegalStateException("no frame is held");
    }
    return room.narrow(1, 0, count);
  }

  /** Puts frames behind those there are; the type becomes that of the first. */
  public void append(@Axes("B n ...") Tensor more) {
    try (var scope = Scope.open()) {
      long all = count + more.size(1);
      var next = room == null || room.size(1) < all ? larger(more, all) : room;
      next.narrow(1, count, more.size(1)).copyFrom(more);
      count = all;
    }
  }

  private Tensor larger(Tensor like, long frames) {
    long[] shape = like.shape();
    shape[1] = Math.max(capacity, frames);
    var next = Tensor.empty(like.dtype(), like.device(), shape);
    if (count > 0) {
      next.narrow(1, 0, count).copyFrom(frames());
    }
    long kept = count;
    close();
    count = kept;
    room = Scope.escape(next);
    return next;
  }

  /**
   * Keeps some frames, in a new order.
   *
   * @param rows INT64, which, counted from the first frame held by the whole batch
   */
  public void keep(@Axes("B n") Tensor rows) {
    try (var scope = Scope.open()) {
      var all = frames();
      long[] one = Arrays.copyOfRange(all.shape(), 2, all.shape().length);
      var kept =
          all.reshape(joined(new long[] {-1}, one))
              .gatherRows(0, rows.reshape(-1)) // read before written
              .reshape(joined(rows.shape(), one));
      count = rows.size(1);
      frames().copyFrom(kept);
    }
  }

  private static long[] joined(long[] a, long[] b) {
    return LongStream.concat(Arrays.stream(a), Arrays.stream(b)).toArray();
  }

  /** Holds nothing; the memory stays. */
  public void clear() {
    count = 0;
  }

  @Override
  public void close() {
    count = 0;
    if (room != null) {
      room.close();
      room = null;
    }
  }
}
