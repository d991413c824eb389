package dev.longtake.memory;

import java.util.Arrays;
import java.util.List;

/**
 * What to attend while a chunk is generated, and where each frame stands in time for the rotary
 * positions. Held frames that are not in {@code past} are dropped.
 *
 * @param past held frames to attend, by strictly increasing frame
 * @param pastPositions temporal position of each, same length
 * @param chunkPositions temporal position of each frame of the chunk, at least one
 */
public record Plan(List<Slot> past, int[] pastPositions, int[] chunkPositions) {

  /** Copies list and arrays; refuses positions that do not strictly increase with time. */
  public Plan {
    past = List.copyOf(past);
    pastPositions = pastPositions.clone();
    chunkPositions = chunkPositions.clone();
    Held.checkOrder(past, Integer.MAX_VALUE);
    if (past.size() != pastPositions.length || chunkPositions.length == 0) {
      throw new IllegalArgumentException(
          past.size()
              + " frames with "
              + pastPositions.length
              + " positions and a chunk of "
              + chunkPositions.length
              + "; need one position a frame and a chunk of at least 1");
    }
    int before = -1;
    for (int[] positions : new int[][] {pastPositions, chunkPositions}) {
      for (int position : positions) {
        if (position <= before) {
          throw new IllegalArgumentException(
              "position "
                  + position
                  + " follows "
                  + before
                  + "; positions start at 0 or later and strictly increase");
        }
        before = position;
      }
    }
  }

  /** A copy. */
  @Override
  public int[] pastPositions() {
    return pastPositions.clone();
  }

  /** A copy. */
  @Override
  public int[] chunkPositions() {
    return chunkPositions.clone();
  }

  /** Latent frames of the chunk. */
  public int chunkFrames() {
    return chunkPositions.length;
  }

  /** Latent frames attended, the chunk included. */
  public int attended() {
    return past.size() + chunkPositions.length;
  }

  /** Same slots at the same positions. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Plan plan
        && past.equals(plan.past)
        && Arrays.equals(pastPositions, plan.pastPositions)
        && Arrays.equals(chunkPositions, plan.chunkPositions);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * past.hashCode() + Arrays.hashCode(pastPositions))
        + Arrays.hashCode(chunkPositions);
  }

  @Override
  public String toString() {
    return "Plan[past="
        + past
        + ", pastPositions="
        + Arrays.toString(pastPositions)
        + ", chunkPositions="
        + Arrays.toString(chunkPositions)
        + "]";
  }
}
