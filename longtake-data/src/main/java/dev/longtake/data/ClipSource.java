package dev.longtake.data;

/** Where clips come from. Used by several threads at once. */
@FunctionalInterface
public interface ClipSource {

  /**
   * The clips that a device takes at a step; a function of these numbers.
   *
   * @param step from 0
   * @param rank which of the devices that share a step, from 0
   * @throws IllegalArgumentException if nothing usable is left
   */
  ClipBatch at(long step, int rank);
}
