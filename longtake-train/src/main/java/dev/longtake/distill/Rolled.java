package dev.longtake.distill;

import dev.longtake.memory.Plan;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Repeats;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.Activations;
import java.util.List;
import java.util.Optional;

/**
 * A finished rollout.
 *
 * @param latents FLOAT32, of all frames
 * @param given what they went on from, if anything
 * @param plans what each chunk attended, for each video
 * @param judgedFrom first frame that may receive gradient
 * @param exits the judged chunks' passes, where they can be made again; closed with this
 */
public record Rolled(
    @Axes("B C F Y X") Tensor latents,
    Optional<Given> given,
    List<List<Plan>> plans,
    int judgedFrom,
    List<ExitPass> exits)
    implements AutoCloseable {

  /** How many latent frames. */
  public int frames() {
    return Math.toIntExact(latents.size(2));
  }

  /**
   * All frames as teacher and critic are shown them where they are the past, without a graph; owned
   * by the caller's scope.
   */
  public @Axes("B C F Y X") Tensor shown() {
    return given
        .filter(videos -> videos.shown() == Given.Shown.VIDEO)
        .map(videos -> videos.videos().detach())
        .orElseGet(latents::detach);
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
    return this;
  }

  @Override
  public void close() {
    exits.forEach(ExitPass::close);
  }
}
