package dev.longtake.distill;

import dev.longtake.nn.Rotary;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a teacher or critic is asked, as tensors alone: work that is replayed is given these.
 *
 * @param window the judged frames, noisy
 * @param sigma noise level of each video
 * @param states of the prompts
 * @param rotary of as many frames as the longest pass has
 * @param excerpts the passes that see the window
 */
record Asked(
    @Axes("B C F Y X") Tensor window,
    @Axes("B 1 1 1 1") Tensor sigma,
    @Axes("B T E") Tensor states,
    Rotary rotary,
    List<Excerpt> excerpts) {

  /** What the sizes of its tensors leave open. */
  record Plan(List<Part> parts) {
    /** See {@link Excerpt}. */
    record Part(int first, int frames, int scored) {}

    /** Of how many tensors one is made. */
    int tensors() {
      return FIXED + parts.size();
    }

    /** From {@link Asked#tensors}, or others of the same sizes, maybe with more behind them. */
    Asked of(List<Tensor> tensors) {
      return new Asked(
          tensors.get(0),
          tensors.get(1),
          tensors.get(2),
          new Rotary(tensors.get(3)),
          IntStream.range(0, parts.size())
              .mapToObj(
                  i -> {
                    var part = parts.get(i);
                    var context = tensors.get(FIXED + i);
                    return new Excerpt(context, part.first, part.frames, part.scored);
                  })
              .toList());
    }
  }

  private static final int FIXED = 4; // tensors besides the contexts

  Plan plan() {
    return new Plan(
        excerpts.stream()
            .map(excerpt -> new Plan.Part(excerpt.first(), excerpt.frames(), excerpt.scored()))
            .toList());
  }

  /** All of them, for {@link Plan#of}. */
  List<Tensor> tensors() {
    var all = new ArrayList<>(List.of(window, sigma, states, rotary.rotation()));
    excerpts.forEach(excerpt -> all.add(excerpt.context()));
    return all;
  }
}
