package dev.longtake.recipes;

import dev.longtake.data.PromptList;
import dev.longtake.vae.VaeConfig;
import dev.longtake.world.Clip;
import dev.longtake.world.Split;
import java.util.SplittableRandom;

/** What the prompts of a distillation say. */
@FunctionalInterface
interface Captions {
  /** One of them. */
  String draw(SplittableRandom random);

  /** Each of a list as often as any other. */
  static Captions of(PromptList list) {
    return random -> list.texts().get(random.nextInt(list.size()));
  }

  /**
   * Captions of training worlds, each telling what a clip shows.
   *
   * @param worlds how many worlds
   * @param shortest length of the shortest clips, latent frames
   * @param longest length of the longest; 0 if all are the shortest
   * @param latents which tell how many pictures that is
   */
  static Captions ofWorlds(int worlds, int shortest, int longest, VaeConfig latents) {
    return random -> ofWorld(random.nextInt(worlds), random, shortest, longest, latents);
  }

  /** What a clip of a training world shows, of a length drawn as in {@link #ofWorlds}. */
  static String ofWorld(
      int world, SplittableRandom random, int shortest, int longest, VaeConfig latents) {
    int latentFrames = longest > shortest ? random.nextInt(shortest, longest + 1) : shortest;
    return Clip.of(Split.TRAIN.seed(world), latents.pixelFrames(latentFrames)).caption();
  }

  /**
   * Checks that what is said of captions' lengths is heeded.
   *
   * @param prompts where they come from
   * @param captionFrames length of the longest clips, latent frames; 0 if it is not given
   * @param shown what they must be as long as
   * @param shortest its length
   * @throws IllegalArgumentException with the remedy
   */
  static void check(String prompts, int captionFrames, String shown, int shortest) {
    boolean heeded = captionFrames >= shortest && prompts.equals(OdePairsRun.WORLD);
    if (captionFrames != 0 && !heeded) {
      throw new IllegalArgumentException(
          "caption_frames is "
              + captionFrames
              + "; give at least "
              + shown
              + ", "
              + shortest
              + ", with prompts: world, or leave it out");
    }
  }
}
