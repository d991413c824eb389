package dev.longtake.recipes;

/** Where the weights that training begins with come from. */
public enum FirstWeights {
  /** Drawn from the seed. */
  FRESH,
  /** The given model's. */
  GIVEN
}
