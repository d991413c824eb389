package dev.longtake.recipes;

import dev.longtake.checkpoint.CheckpointSource;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.Manifest;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.nn.Weights;
import dev.longtake.optim.FlatParameters;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoModel;
import dev.longtake.teacher.ErrorExchange;
import dev.longtake.teacher.RecyclingObjective;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.text.Umt5Encoder;
import dev.longtake.train.CheckpointStore;
import dev.longtake.train.EventFile;
import dev.longtake.train.Footage;
import dev.longtake.train.Objective;
import dev.longtake.train.Team;
import dev.longtake.train.TrainingLoop;
import dev.longtake.wan.WanTransformer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

/**
 * Trains a context teacher. Resumes from its last checkpoint, error banks included, and leaves the
 * averaged FLOAT32 weights of the transformer in the output folder and a whole model in a folder
 * inside it.
 */
final class TrainTeacher {
  private static final int KEPT_CHECKPOINTS = 2;

  private final ContextTeacherRun run;
  private final Workplace place;
  private final Path from;
  private final ModelConfig config;
  private final Dtype dtype;
  private final Map<String, Double> losses = new TreeMap<>();

  /**
   * A run.
   *
   * @throws dev.longtake.checkpoint.CheckpointException if {@code from} is no model folder
   */
  TrainTeacher(ContextTeacherRun run, Workplace place) {
    this.run = run;
    this.place = place;
    from = Path.of(run.from());
    config = ModelConfig.read(from);
    dtype = place.dtype(run.dtype());
  }

  /**
   * Runs what is not finished.
   *
   * @throws IllegalArgumentException if the banks have no room for errors of this size
   */
  void run() {
    var size = config.video();
    var folder = place.output().resolve(TrainModel.MODEL_FOLDER);
    try (var parameters = startingWeights();
        var exchange =
            new ErrorExchange(
                run.banks(),
                run.training().seed(),
                run.warmup(),
                1 + place.others().size(),
                1,
                config.transformer().inDim(),
                run.layout().target(),
                size.latentRows(),
                size.latentColumns());
        var loop = new TrainingLoop(run.training(), parameters, exchange)) {
      var store =
          new CheckpointStore(
              place.output().resolve(ContextTeacherRun.STAGE),
              ContextTeacherRun.STAGE,
              KEPT_CHECKPOINTS);
      long wanted = run.training().steps();
      if (store.resume(loop)) {
        place.watcher().said("resumed at step " + loop.step() + " of " + wanted);
      }
      if (loop.step() < Math.min(place.until(), wanted)) {
        train(parameters, exchange, loop, store);
      }
      if (!isThere(folder, loop.step())) {
        leaveModel(parameters, loop, folder);
      }
    }
    place.watcher().said("the teacher is in " + folder);
  }

  /** Whether the folder holds the teacher of that step, as the run file describes it. */
  private boolean isThere(Path folder, long step) {
    return Files.exists(folder.resolve(Manifest.FILE_NAME)) // written last
        && Manifest.read(folder).step() == step
        && ModelConfig.read(folder).equals(teacherConfig());
  }

  private ModelConfig teacherConfig() {
    return config.named(run.name(), run.sampling());
  }

  /** The transformer that the teacher starts from, in FLOAT32. */
  private FlatParameters startingWeights() {
    try (var file = Safetensors.open(from.resolve(VideoModel.TRANSFORMER))) {
      var source = new CheckpointSource(file, KeyMap.identity(), Dtype.FLOAT32, place.first());
      try (var weights = Weights.from(source)) {
        WanTransformer.of(weights, config.transformer());
        source.requireNothingSpare(weights);
        return FlatParameters.copyOf(weights.taken(), place.first());
      }
    }
  }

  private void train(
      FlatParameters parameters, ErrorExchange exchange, TrainingLoop loop, CheckpointStore store) {
    var watcher = place.watcher();
    watcher.said("filming and encoding " + run.footage().videos() + " worlds");
    try (var team =
            Team.of(parameters, place.others(), (own, rank) -> member(own, rank, exchange));
        var events =
            EventFile.in(place.output().resolve(ContextTeacherRun.STAGE).resolve("tensorboard"))) {
      watcher.said(
          "teacher: "
              + run.training().steps()
              + " steps, "
              + parameters.count()
              + " weights, on "
              + place.devices());
      var heard = watcher.stage(ContextTeacherRun.STAGE);
      loop.run(
          team,
          place.until(),
          store,
          (step, steps, values) -> {
            events.scalars(step, values);
            heard.logged(step, steps, values);
            values.forEach((tag, value) -> losses.put(ContextTeacherRun.STAGE + "." + tag, value));
          });
    }
  }

  private Member member(FlatParameters own, int rank, ErrorExchange exchange) {
    Device on = own.values().device();
    var text = TextWeights.read(from, config, dtype, on);
    var footage =
        WorldFootage.film(
            run.footage(),
            from,
            config,
            new WorldFootage.Share(rank, 1 + place.others().size()),
            dtype,
            on,
            place.threadsEach(),
            said -> {
              if (rank == 0) {
                place.watcher().said(said);
              }
            });
    var weights = Weights.from(own);
    var curriculum = run.curriculum();
    return new Member(
        weights,
        text.weights(),
        footage,
        new RecyclingObjective(
            WanTransformer.of(weights, config.transformer()),
            text.encoder(),
            step -> curriculum.batch(footage, step, rank),
            exchange,
            rank,
            run.training().seed(),
            run.recycling(),
            run.banks().dtype(),
            dtype));
  }

  private record TextWeights(Weights weights, Umt5Encoder encoder) {
    static TextWeights read(Path from, ModelConfig config, Dtype dtype, Device on) {
      try (var file = Safetensors.open(from.resolve(VideoModel.TEXT_ENCODER))) {
        var source = new CheckpointSource(file, KeyMap.identity(), dtype, on);
        var weights = Weights.from(source);
        try {
          var encoder = Umt5Encoder.of(weights, config.textEncoder());
          source.requireNothingSpare(weights);
          return new TextWeights(weights, encoder);
        } catch (RuntimeException e) {
          weights.close();
          throw e;
        }
      }
    }
  }

  private record Member(Weights weights, Weights textWeights, Footage footage, Objective objective)
      implements Team.Member {
    @Override
    public void close() {
      weights.close();
      textWeights.close();
      footage.close();
    }
  }

  private void leaveModel(FlatParameters parameters, TrainingLoop loop, Path folder) {
    try (var scope = Scope.open()) {
      Safetensors.write(
          place.output().resolve(VideoModel.TRANSFORMER),
          TrainModel.averaged(parameters, loop, ""),
          Map.of());
    }
    teacherConfig().write(place.output());
    PackModel.run(
        name ->
            (name.equals(VideoModel.TRANSFORMER) || name.equals(ModelConfig.FILE)
                    ? place.output()
                    : from)
                .resolve(name),
        folder,
        Dtype.BFLOAT16,
        new Manifest(
            run.tree(),
            run.training().seed(),
            loop.step(),
            Revision.here(),
            "procedural world, training seeds 0 to " + (run.footage().videos() - 1),
            losses,
            Manifest.versionsHere(),
            Instant.now()));
  }
}
