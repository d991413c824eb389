package dev.longtake.distill;

import dev.longtake.memory.Plan;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Repeats;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.Activations;
import java.util.List;

/**
 * A finished rollout.
 *
 * @param latents FLOAT32, of all frames
 * @param shown all frames as teacher and critic are shown them where they are the past, without a
 *     graph
 * @param plans what each chunk attended, for each video
 * @param judgedFrom first frame that may receive gradient
 * @param exits the judged chunks' passes, where they can be made again; closed with this
 */
public record Rolled(
    @Axes("B C F Y X") Tensor latents,
    @Axes("B C F Y X") Tensor shown,
    List<List<Plan>> plans,
    int judgedFrom,
    List<ExitPass> exits)
    implements AutoCloseable {

  /** How many latent frames. */
  public int frames() {
    return Math.toIntExact(latents.size(2));
  }

  /** Those that may receive gradient. */
  public @Axes("B C F Y X") Tensor judged() {
    return latents.narrow(2, judgedFrom, frames() - judgedFrom);
  }

  /**
   * Makes the judged chunks' exit passes again, the last first, and adds the generator's gradient.
   *
   * @param slope the loss's gradient by {@link #judged}
   * @param activations what becomes of those of a pass
   * @param repeats runs the passes
   */
  public void backward(@Axes("B C F Y X") Tensor slope, Activations activations, Repeats repeats) {
    exits.reversed().forEach(exit -> exit.backward(slope, judgedFrom, activations, repeats));
  }

  Rolled keptBy(Scope scope) {
    scope.keep(latents);
    scope.keep(shown);
    return this;
  }

  @Override
  public void close() {
    exits.forEach(ExitPass::close);
  }
}
