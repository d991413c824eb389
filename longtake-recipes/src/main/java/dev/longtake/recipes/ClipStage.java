package dev.longtake.recipes;

import dev.longtake.train.TrainingConfig;
import java.util.List;

/** A stage that learns from short clips of the world. */
interface ClipStage {
  /** Pictures of a step, all clips together. */
  int pictures();

  /** Pictures of a clip; a step takes one of them. */
  List<Integer> lengths();

  /** Pixels of each picture's width that are seen. */
  int columns();

  /** How many different worlds. */
  int worlds();

  /** How the loop runs. */
  TrainingConfig training();

  /**
   * Checks the sizes.
   *
   * @param key of the stage in a run file
   * @throws IllegalArgumentException naming the key
   */
  static void check(String key, int pictures, List<Integer> lengths, int columns, int worlds) {
    if (lengths.isEmpty() || lengths.stream().anyMatch(n -> n < 1 || n % 4 != 1 || n > pictures)) {
      throw new IllegalArgumentException(
          key
              + ".lengths must be 4k + 1 and at most the "
              + pictures
              + " pictures of a step, not "
              + lengths);
    }
    if (worlds < 1 || columns < 16 || columns % 16 != 0) {
      throw new IllegalArgumentException(
          key
              + " needs worlds of at least 1 and columns of 16k, not "
              + worlds
              + " and "
              + columns);
    }
  }
}
