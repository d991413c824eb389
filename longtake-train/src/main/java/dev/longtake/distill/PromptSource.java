package dev.longtake.distill;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Tensor;
import java.util.SplittableRandom;

/** Prompts to roll out, as the text encoder's states. */
public interface PromptSource {
  /** Some prompts, drawn at random; owned by the caller's scope. */
  @Axes("B T E")
  Tensor draw(SplittableRandom random, int count);

  /** The prompt that guidance leads away from, so many times; owned by the caller's scope. */
  @Axes("B T E")
  Tensor unconditional(int count);
}
