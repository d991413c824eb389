package dev.longtake.recipes;

import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.text.Umt5Encoder;
import dev.longtake.train.Carried;
import dev.longtake.train.CausalObjective;
import dev.longtake.train.Guide;
import dev.longtake.train.Objective;
import dev.longtake.wan.WanTransformer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Learns the guided flow of the model that it begins as.
 *
 * @param run what is learnt
 * @param given that model, which stays as it is: teacher, text encoder and autoencoder
 * @param place where the run is carried out
 */
record GuidanceTeaching(GuidanceRun run, ModelConfig given, Workplace place)
    implements TransformerStage.Teaching {

  /**
   * A device's batches.
   *
   * @param closers of what makes them, the latest first
   */
  private record Guided(Objective objective, Deque<Runnable> closers)
      implements TransformerStage.Lesson {
    @Override
    public void close() {
      closeAll(closers);
    }
  }

  @Override
  public void check() {
    WorldFootage.Share.requireEach(
        "footage.videos", run.footage().videos(), place.devices().size());
  }

  @Override
  public TransformerStage.Lesson on(Device device, int rank, WanTransformer model) {
    var folder = Path.of(run.from());
    var dtype = place.dtype(run.dtype());
    Deque<Runnable> closers = new ArrayDeque<>();
    try {
      var text =
          Fixed.of(
              folder.resolve(VideoModel.TEXT_ENCODER),
              dtype,
              device,
              weights -> Umt5Encoder.of(weights, given.textEncoder()));
      closers.push(text::close);
      // As the student computes: from FLOAT32 weights, rounded as they are used.
      var teacher =
          Fixed.of(
              folder.resolve(VideoModel.TRANSFORMER),
              Dtype.FLOAT32,
              device,
              weights -> WanTransformer.of(weights, given.transformer()));
      closers.push(teacher::close);
      var films = films(device, rank);
      closers.push(films::close);
      var guide = new Guide(teacher.network(), run.guidance());
      var curriculum = run.curriculum();
      var objective =
          run.activations()
              .of(
                  passage ->
                      new CausalObjective(
                          model.through(passage),
                          text.network(),
                          step -> films.batch(curriculum, step, rank),
                          guide,
                          run.objective().config(),
                          dtype));
      return new Guided(objective, closers);
    } catch (RuntimeException | Error e) {
      closeAll(closers);
      throw e;
    }
  }

  private Films films(Device device, int rank) {
    if (rank == 0) {
      place.watcher().said("filming and encoding " + run.footage().videos() + " worlds");
    }
    return Films.of(
        run.footage(), Path.of(run.from()), given, rank, place.dtype(run.dtype()), device, place);
  }

  private static void closeAll(Deque<Runnable> closers) {
    while (!closers.isEmpty()) {
      closers.pop().run();
    }
  }

  /** A checkpoint belongs to the teacher that its student was taught by. */
  @Override
  public Carried carried() {
    return new CarriedBase(
        "teacher",
        Path.of(run.from()).resolve(VideoModel.TRANSFORMER),
        "student was taught by",
        Carried.NOTHING);
  }

  @Override
  public String batch() {
    return run.framesPerStep() + " latent frames";
  }

  @Override
  public String description() {
    return "procedural world, training seeds 0 to " + (run.footage().videos() - 1);
  }
}
