package dev.longtake.recipes;

import dev.longtake.distill.PromptSource;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.text.TextStage;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * Prompts as a distillation sees them.
 *
 * @param text reads them
 * @param device where their states are wanted
 * @param captions what they say
 * @param negative what guidance leads away from; empty for no prompt at all
 */
record TextPrompts(TextStage text, Device device, Captions captions, String negative)
    implements PromptSource {

  @Override
  public Tensor draw(SplittableRandom random, int count) {
    return states(Stream.generate(() -> captions.draw(random)).limit(count).toList());
  }

  /** No prompt at all is all zeros, as in training with hidden captions. */
  @Override
  public Tensor unconditional(int count) {
    try (var scope = Scope.open()) {
      var one =
          negative.isEmpty()
              ? states(List.of(captions.draw(new SplittableRandom(0)))).times(0)
              : states(List.of(negative));
      return scope.keep(one.expand(count, -1, -1).contiguous());
    }
  }

  /** What the encoder makes of some prompts, owned by the caller's scope. */
  Tensor states(List<String> prompts) {
    try (var scope = Scope.open()) {
      return scope.keep(Tensor.cat(text.encode(prompts), 0).to(device));
    }
  }
}
