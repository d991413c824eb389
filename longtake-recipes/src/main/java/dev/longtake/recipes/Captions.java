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
    return random -> {
      int world = random.nextInt(worlds);
      int latentFrames = longest > shortest ? random.nextInt(shortest, longest + 1) : shortest;
      return Clip.of(Split.TRAIN.seed(world), latents.pixelFrames(latentFrames)).caption();
    };
  }
}
