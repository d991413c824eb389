package dev.longtake.recipes;

import dev.longtake.nn.Weights;
import dev.longtake.train.Objective;
import dev.longtake.train.Team;
import dev.longtake.vae.VaeConfig;
import dev.longtake.vae.WanVae;
import java.util.function.BiFunction;

/** One device's autoencoder and the clips it is trained on. */
record ClipsMember(Weights weights, WanVae vae, WorldClips clips, Objective objective)
    implements Team.Member {

  /** An autoencoder of weights, trained as {@code objective} says. */
  static ClipsMember of(
      VaeConfig config,
      Weights weights,
      WorldClips clips,
      BiFunction<WanVae, WorldClips, Objective> objective) {
    var vae = WanVae.of(config, weights);
    return new ClipsMember(weights, vae, clips, objective.apply(vae, clips));
  }

  @Override
  public void close() {
    clips.close();
    vae.close();
    weights.close();
  }
}
