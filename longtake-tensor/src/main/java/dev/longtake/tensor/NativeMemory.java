package dev.longtake.tensor;

import org.bytedeco.javacpp.Pointer;

/**
 * What native memory this process holds. The counts cover all threads, so they tell something about
 * one piece of code only while nothing else makes tensors.
 */
public final class NativeMemory {
  private NativeMemory() {}

  /**
   * How many native objects wait to be freed: tensors, but also the small helpers of operators. A
   * piece of code that closes its scopes leaves this number as it found it.
   */
  public static long liveHandles() {
    return Pointer.totalCount();
  }

  /** Resident memory of the whole process in bytes, as the system counts it. */
  public static long residentBytes() {
    return Pointer.physicalBytes();
  }
}
