package dev.longtake.recipes;

import dev.longtake.rollout.ModelConfig;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.train.CausalBatch;
import dev.longtake.train.Curriculum;
import dev.longtake.train.Footage;
import java.nio.file.Path;

/**
 * A device's share of the worlds that a causal transformer is trained on.
 *
 * @param whole videos
 * @param openings whose first chunks are learnt; the whole videos where there are no others
 */
record Films(Footage whole, Footage openings) implements AutoCloseable {

  /** Films and encodes a share, as {@link WorldFootage#film} does; the caller closes it. */
  static Films of(
      TrainingRun.FootageStage stage,
      Path folder,
      ModelConfig config,
      int rank,
      Dtype dtype,
      Device on,
      Workplace place) {
    var share = new WorldFootage.Share(rank, place.devices().size());
    var whole =
        WorldFootage.film(stage, folder, config, share, WorldFootage.What.WHOLE, dtype, on, place);
    if (stage.openings() == 0) {
      return new Films(whole, whole);
    }
    try {
      return new Films(
          whole,
          WorldFootage.film(
              stage, folder, config, share, WorldFootage.What.OPENINGS, dtype, on, place));
    } catch (RuntimeException | Error e) {
      whole.close();
      throw e;
    }
  }

  /** The batch of a step, owned by the caller's scope, see {@link Curriculum#batch}. */
  CausalBatch batch(Curriculum curriculum, long step, int rank) {
    return curriculum.batch(whole, openings, step, rank);
  }

  @Override
  public void close() {
    whole.close();
    if (openings != whole) {
      openings.close();
    }
  }
}
