package dev.longtake.checkpoint;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Brings elements into row-major order. Shapes and strides count elements, outermost first. */
final class Strided {
  private final MemorySegment from;
  private final MemorySegment to;
  private final int width;
  private final long[] shape;
  private final long[] strides;

  /** How many elements lie together in order from this axis inwards, or 0 if they do not. */
  private final long[] runs;

  private Strided(MemorySegment from, MemorySegment to, int width, long[] shape, long[] strides) {
    this.from = from;
    this.to = to;
    this.width = width;
    this.shape = shape;
    this.strides = strides;
    this.runs = runs(shape, strides);
  }

  /** Whether the elements are in row-major order without gaps as they are. */
  static boolean isRowMajor(long[] shape, long[] strides) {
    return runs(shape, strides)[0] > 0;
  }

  /** A copy of a non-empty array in memory of the arena. */
  static MemorySegment rowMajor(
      MemorySegment from, int width, long[] shape, long[] strides, Arena arena) {
    long count = 1;
    for (long size : shape) {
      count = Math.multiplyExact(count, size);
    }
    var to = arena.allocate(Math.multiplyExact(count, width));
    new Strided(from, to, width, shape, strides).copy(0, 0, 0);
    return to;
  }

  /** Copies everything from this axis inwards; returns where writing goes on. */
  private long copy(int axis, long source, long target) {
    if (runs[axis] > 0) {
      long length = runs[axis] * width;
      MemorySegment.copy(from, source * width, to, target, length);
      return target + length;
    }
    long next = target;
    for (long i = 0; i < shape[axis]; i++) {
      next = copy(axis + 1, source + i * strides[axis], next);
    }
    return next;
  }

  private static long[] runs(long[] shape, long[] strides) {
    long[] runs = new long[shape.length + 1];
    runs[shape.length] = 1;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      // The stride of an axis with one entry is never used, and PyTorch writes anything there.
      boolean together = shape[axis] == 1 || strides[axis] == runs[axis + 1];
      runs[axis] = together ? shape[axis] * runs[axis + 1] : 0;
    }
    return runs;
  }
}
