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
 * @param rehearsed whether it is the judged window alone, from nothing on
 */
public record RolloutDraw(int frames, int exit, OptionalInt change, boolean rehearsed) {

  /** One that is no rehearsal. */
  public RolloutDraw(int frames, int exit, OptionalInt change) {
    this(frames, exit, change, false);
  }

  /**
   * Draws a rollout.
   *
   * @param step of training, which lengths grow with
   * @param passes of the student's sampler, more than the earliest exit
   */
  public static RolloutDraw of(
      SplittableRandom random, long step, DistillConfig config, int passes) {
    int drawn = config.lengths().draw(step, random);
    int exit = config.earliestExit() + random.nextInt(passes - config.earliestExit());
    double share = config.rehearsal().share();
    if (share > 0 && random.nextDouble() < share) {
      return new RolloutDraw(config.window(), exit, OptionalInt.empty(), true);
    }
    return new RolloutDraw(drawn, exit, change(random, config, drawn));
  }

  /** Prompts change where windows begin to be new. */
  private static OptionalInt change(SplittableRandom random, DistillConfig config, int frames) {
    int fresh = config.teacherFraming().scored();
    int places = (config.lengths().to() - config.window()) / fresh;
    if (config.change() == PromptChange.NONE || places < 1) {
      return OptionalInt.empty();
    }
    int at = config.window() + fresh * random.nextInt(places);
    return at < frames ? OptionalInt.of(at) : OptionalInt.empty();
  }

  /** How many chunks. */
  public int chunks() {
    return frames / ModelConfig.CHUNK;
  }
}
