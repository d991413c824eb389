package dev.longtake.recipes;

import dev.longtake.nn.Weights;
import dev.longtake.optim.FlatParameters;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.train.Carried;
import dev.longtake.train.CheckpointStore;
import dev.longtake.train.Objective;
import dev.longtake.train.Team;
import dev.longtake.train.TrainingConfig;
import dev.longtake.train.TrainingLoop;
import dev.longtake.wan.WanConfig;
import dev.longtake.wan.WanTransformer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * Trains a transformer whose autoencoder, text encoder and tokenizer are given: what several kinds
 * of run have in common. Resumes from its last checkpoint; leaves averaged FLOAT32 weights in the
 * output folder and the packed model in a folder inside it.
 *
 * @param name of the stage: its folder of checkpoints and event files
 * @param run what the manifest says of it
 * @param from the model it begins with
 * @param start where the first weights come from
 * @param adapter whether all of them are trained
 * @param finished configuration of the model it leaves, with the sizes of {@code from}
 * @param training how the loop runs
 * @param samples what is generated on the way
 * @param dtype of their arithmetic
 * @param place where it is carried out
 */
record TransformerStage(
    String name,
    Object run,
    Path from,
    FirstWeights start,
    AdapterKeys adapter,
    ModelConfig finished,
    TrainingConfig training,
    TrainingRun.SampleStage samples,
    Dtype dtype,
    Workplace place) {
  /** One device's batches and what is learnt from them. */
  interface Lesson {
    Objective objective();

    /** Frees what makes batches. */
    void close();
  }

  /** Makes the lesson of a device. */
  interface Teaching {
    /** Refuses what lessons cannot be made of, before anything is read or made. */
    default void check() {}

    /**
     * A lesson.
     *
     * @param model the device's transformer
     * @param rank which of the devices, from 0
     */
    Lesson on(Device device, int rank, WanTransformer model);

    /** What a device takes at once, such as {@code 24 clips}. */
    String batch();

    /** What is trained on, once it is known. */
    String description();

    /** What the run carries along besides weights and moments. */
    default Carried carried() {
      return Carried.NOTHING;
    }
  }

  private record Member(Trainee.Network network, Lesson lesson, Objective objective)
      implements Team.Member {

    @Override
    public void close() {
      lesson.close();
      network.close();
    }
  }

  /** Trains until the configured end, and packs the model where there is something new. */
  void carryOut(Teaching teaching) {
    SampleVideos.check(samples, from, finished);
    var trainee =
        Trainee.of(
            adapter,
            from.resolve(VideoModel.TRANSFORMER),
            finished.transformer(),
            "",
            training.seed());
    var leaving = new FinishedModel(from, finished, place);
    leaving.requireOwn(name);
    if (hasStepsLeft()) {
      teaching.check();
    }
    place.makeOutput();
    Map<String, Double> losses = new TreeMap<>();
    var stage = new Stage(name, teaching.batch(), training, place, losses);
    try (var parameters = first(trainee);
        var loop = new TrainingLoop(training, parameters, trainee.carrying(teaching.carried()))) {
      var store = stage.resumed(loop);
      new SampleVideos(
              place.output(),
              from,
              finished,
              Map.of(VideoModel.TRANSFORMER, ""),
              samples,
              place.first(),
              dtype)
          .during(loop, trainee::whole);
      long before = loop.step();
      if (stage.goesOn(loop)) {
        place
            .watcher()
            .said(name + ": " + training.steps() + " steps, " + parameters.count() + " weights");
        try (var team =
            Team.of(
                parameters, place.others(), (own, rank) -> member(trainee, teaching, own, rank))) {
          stage.steps(parameters, loop, team, store, trainee.besideBytes());
        }
      }
      stage.reached(loop);
      if (loop.step() == 0) {
        return;
      }
      if (loop.step() > before || !leaving.isThere(loop.step())) {
        try (var scope = Scope.open()) {
          var trained = TrainedWeights.averaged(parameters, loop, "");
          trainee.leave(trained, place.output());
          leaving.write(trainee.whole(trained));
        }
        leaving.pack(
            FinishedModel.manifest(
                name, run, training.seed(), loop.step(), teaching.description(), losses));
      }
      leaving.tell();
    }
  }

  /** By the newest checkpoint, if there is one: a run that is over needs nothing to train on. */
  private boolean hasStepsLeft() {
    var folder = place.output().resolve(name);
    long reached =
        Files.isDirectory(folder)
            ? new CheckpointStore(folder, name, training.keep()).newestStep().orElse(0)
            : 0;
    return reached < training.steps() && !place.ending().before(reached);
  }

  private static Member member(Trainee trainee, Teaching teaching, FlatParameters own, int rank) {
    var network = trainee.over(own);
    try {
      var lesson = teaching.on(own.values().device(), rank, network.model());
      return new Member(network, lesson, network.adapting().apply(lesson.objective()));
    } catch (RuntimeException | Error e) {
      network.close();
      throw e;
    }
  }

  private FlatParameters first(Trainee trainee) {
    var config = finished.transformer();
    return switch (start) {
      case FRESH ->
          TrainedWeights.drawn(training.seed(), place.first(), w -> WanTransformer.of(w, config));
      case GIVEN -> {
        try (var scope = Scope.open()) {
          yield FlatParameters.copyOf(trainee.first(), place.first());
        }
      }
    };
  }

  /**
   * The weights of a model folder's transformer in FLOAT32, all of them and no others; the caller
   * closes them.
   */
  static Weights given(Path folder, WanConfig config, Device device) {
    return TrainedWeights.given(
        folder.resolve(VideoModel.TRANSFORMER),
        device,
        weights -> WanTransformer.of(weights, config));
  }
}
