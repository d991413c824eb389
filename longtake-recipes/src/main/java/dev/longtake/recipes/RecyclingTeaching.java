package dev.longtake.recipes;

import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoModel;
import dev.longtake.teacher.ErrorExchange;
import dev.longtake.teacher.RecyclingObjective;
import dev.longtake.tensor.Device;
import dev.longtake.text.Umt5Encoder;
import dev.longtake.train.Carried;
import dev.longtake.train.Footage;
import dev.longtake.train.Objective;
import dev.longtake.wan.WanTransformer;
import java.nio.file.Path;

/**
 * Learns to continue videos, with its own errors in them.
 *
 * @param run what is learnt
 * @param given the model it starts from, whose autoencoder and text encoder are used
 * @param clips opens videos that are not filmed
 * @param exchange where the errors of all devices are
 * @param place where the run is carried out
 */
record RecyclingTeaching(
    ContextTeacherRun run,
    ModelConfig given,
    LatentSources clips,
    ErrorExchange exchange,
    Workplace place)
    implements TransformerStage.Teaching {

  private record Continuing(ContextFrames frames, Objective objective)
      implements TransformerStage.Lesson {
    @Override
    public void close() {
      frames.close();
    }
  }

  @Override
  public void check() {
    if (!isFilmed()) {
      clips.check();
    }
  }

  @Override
  public TransformerStage.Lesson on(Device device, int rank, WanTransformer model) {
    var frames = frames(device, rank);
    return new Continuing(
        frames,
        run.activations()
            .of(
                passage ->
                    new RecyclingObjective(
                        model.through(passage),
                        frames::at,
                        exchange,
                        rank,
                        run.training().seed(),
                        run.recycling(),
                        run.banks().dtype(),
                        place.dtype(run.dtype()))));
  }

  private ContextFrames frames(Device device, int rank) {
    if (!isFilmed()) {
      return new ContextFrames.OfClips(
          run.curriculum(), rank, clips.open(device, rank), run.footage().memories());
    }
    if (rank == 0) {
      place.watcher().said("filming and encoding " + run.footage().videos() + " worlds");
    }
    var dtype = place.dtype(run.dtype());
    var text =
        Fixed.of(
            Path.of(run.from()).resolve(VideoModel.TEXT_ENCODER),
            dtype,
            device,
            weights -> Umt5Encoder.of(weights, given.textEncoder()));
    try {
      return new ContextFrames.Filmed(
          run.curriculum(), rank, film(device, rank), text.weights(), text.network(), dtype);
    } catch (RuntimeException | Error e) {
      text.close();
      throw e;
    }
  }

  private boolean isFilmed() {
    return run.data() instanceof TrainingData.World;
  }

  private Footage film(Device device, int rank) {
    return WorldFootage.film(
        run.footage().world(),
        Path.of(run.from()),
        given,
        new WorldFootage.Share(rank, place.devices().size()),
        WorldFootage.What.WHOLE,
        place.dtype(run.dtype()),
        device,
        place);
  }

  @Override
  public String batch() {
    return run.batch() + " videos";
  }

  @Override
  public String description() {
    return isFilmed()
        ? "procedural world, training seeds 0 to " + (run.footage().videos() - 1)
        : clips.description();
  }

  @Override
  public Carried carried() {
    return exchange;
  }
}
