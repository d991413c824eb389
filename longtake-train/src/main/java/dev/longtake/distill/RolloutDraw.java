package dev.longtake.distill;

import dev.longtake.rollout.ModelConfig;
import java.util.OptionalInt;
import java.util.SplittableRandom;

/**
 * What is drawn once for a rollout, for all its chunks, videos and devices.
 *
 * @param frames latent frames, at least 3
 * @param exit the denoising pass, from 0, that judged chunks end with
 * @param change latent frame from which the second prompt is in force, if there is one
 */
public record RolloutDraw(int frames, int exit, OptionalInt change) {

  /**
   * Draws a rollout.
   *
   * @param step of training, which lengths grow with
   * @param passes of the sampler, at least 1
   * @param earliest first of them that judged chunks may end with
   * @param window judged frames
   * @param fresh how many of them are new; prompts change where windows begin to be new
   */
  public static RolloutDraw of(
      SplittableRandom random,
      long step,
      RolloutLengths lengths,
      int passes,
      int earliest,
      PromptChange change,
      int window,
      int fresh) {
    int frames = lengths.draw(step, random);
    int exit = earliest + random.nextInt(passes - earliest);
    int places = (lengths.to() - window) / fresh;
    if (change == PromptChange.NONE || places < 1) {
      return new RolloutDraw(frames, exit, OptionalInt.empty());
    }
    int at = window + fresh * random.nextInt(places);
    return new RolloutDraw(frames, exit, at < frames ? OptionalInt.of(at) : OptionalInt.empty());
  }

  /** How many chunks. */
  public int chunks() {
    return frames / ModelConfig.CHUNK;
  }
}
