package dev.longtake.data;

import dev.longtake.tensor.Rng;
import java.util.SplittableRandom;

/**
 * Where a step stands in a list that was shuffled once. A pure function of seed, step and rank: the
 * devices of a step go through the list side by side, again and again in the same order.
 */
public final class Cursor {
  private final int[] order;
  private final int each;
  private final int devices;

  /**
   * A shuffled list.
   *
   * @param seed of the order
   * @param size how long the list is, at least 1
   * @param each how many entries a device takes at a step, at least 1
   * @param devices how many share a step, at least 1
   */
  public Cursor(long seed, int size, int each, int devices) {
    if (size < 1 || each < 1 || devices < 1) {
      throw new IllegalArgumentException(
          "a cursor needs at least 1 entry, 1 for each device and 1 device, not "
              + size
              + ", "
              + each
              + " and "
              + devices);
    }
    this.each = each;
    this.devices = devices;
    order = new int[size];
    var random = new SplittableRandom(Rng.mix(seed));
    for (int i = 0; i < size; i++) { // Fisher and Yates, from the inside out
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
  }

  /**
   * Which entries a device takes.
   *
   * @param step from 0
   * @param rank which of the devices, from 0
   */
  public int[] at(long step, int rank) {
    int[] out = new int[each];
    long first = (step * devices + rank) * each;
    for (int i = 0; i < each; i++) {
      out[i] = order[(int) ((first + i) % order.length)];
    }
    return out;
  }
}
