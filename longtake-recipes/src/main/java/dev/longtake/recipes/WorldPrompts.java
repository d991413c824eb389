package dev.longtake.recipes;

import dev.longtake.distill.PromptSource;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.text.TextStage;
import dev.longtake.world.Clip;
import dev.longtake.world.Split;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * Captions of training worlds as prompts.
 *
 * @param text reads them
 * @param device where their states are wanted
 * @param worlds how many worlds
 * @param shortest length of the shortest clips that are captioned, latent frames: what is told is
 *     what a clip shows
 * @param longest length of the longest; all are the shortest where this is less
 * @param negative what guidance leads away from; empty for no prompt at all
 */
record WorldPrompts(
    TextStage text, Device device, int worlds, int shortest, int longest, String negative)
    implements PromptSource {

  @Override
  public Tensor draw(SplittableRandom random, int count) {
    return states(Stream.generate(() -> caption(random)).limit(count).toList());
  }

  /** No prompt at all is all zeros, as in training with hidden captions. */
  @Override
  public Tensor unconditional(int count) {
    try (var scope = Scope.open()) {
      var one =
          negative.isEmpty()
              ? states(List.of(caption(0, shortest))).times(0)
              : states(List.of(negative));
      return scope.keep(one.expand(count, -1, -1).contiguous());
    }
  }

  private String caption(SplittableRandom random) {
    int world = random.nextInt(worlds);
    return caption(world, longest > shortest ? random.nextInt(shortest, longest + 1) : shortest);
  }

  private static String caption(int world, int latentFrames) {
    int pictures = 1 + ModelConfig.FRAMES_PER_LATENT * (latentFrames - 1);
    return Clip.of(Split.TRAIN.seed(world), pictures).caption();
  }

  private Tensor states(List<String> prompts) {
    try (var scope = Scope.open()) {
      return scope.keep(Tensor.cat(text.encode(prompts), 0).to(device));
    }
  }
}
