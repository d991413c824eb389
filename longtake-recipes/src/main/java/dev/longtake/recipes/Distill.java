package dev.longtake.recipes;

import dev.longtake.checkpoint.CheckpointSource;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.Manifest;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.distill.DistillLoop;
import dev.longtake.distill.DistillObjective;
import dev.longtake.distill.ScoreNetwork;
import dev.longtake.distill.SelfRollout;
import dev.longtake.distill.VaeOpening;
import dev.longtake.nn.Weights;
import dev.longtake.optim.FlatParameters;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.PromptSwitch;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.CheckpointStore;
import dev.longtake.train.EventFile;
import dev.longtake.train.Objective;
import dev.longtake.train.Team;
import dev.longtake.wan.WanConfig;
import dev.longtake.wan.WanTransformer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Distils a model into one of few steps. Resumes from its last checkpoint and leaves the averaged
 * FLOAT32 weights of the student's transformer in the output folder, and a whole model, half as
 * large, in a folder inside it.
 */
final class Distill {
  private static final int KEPT_CHECKPOINTS = 2;

  private final Distillation run;
  private final Workplace place;
  private final Path from;
  private final Path teacherFrom;
  private final ModelConfig student;
  private final ModelConfig teacher;
  private final Dtype dtype;
  private final Map<String, Double> losses = new TreeMap<>();

  /**
   * A run.
   *
   * @throws dev.longtake.checkpoint.CheckpointException if a folder is not a model's
   * @throws IllegalArgumentException if student and teacher do not share latents and text
   */
  Distill(Distillation run, Workplace place) {
    this.run = run;
    this.place = place;
    from = Path.of(run.student().from());
    teacherFrom = Path.of(run.teacher().from());
    student = ModelConfig.read(from);
    teacher = ModelConfig.read(teacherFrom);
    dtype = place.dtype(run.dtype());
    boolean shared =
        student.vae().equals(teacher.vae())
            && student.textEncoder().equals(teacher.textEncoder())
            && student.transformer().textLen() == teacher.transformer().textLen();
    if (!shared) {
      throw new IllegalArgumentException(
          "the student's model "
              + from
              + " and the teacher's "
              + teacherFrom
              + " differ in autoencoder or text encoder; give models that share latents and text");
    }
  }

  /** Runs what is not finished. */
  void run() {
    try {
      Files.createDirectories(place.output());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make " + place.output(), e);
    }
    var folder = place.output().resolve(TrainModel.MODEL_FOLDER);
    try (var parameters = startingWeights();
        var loop = new DistillLoop(run.training(), parameters)) {
      var store =
          new CheckpointStore(place.output().resolve(run.stage()), run.stage(), KEPT_CHECKPOINTS);
      long wanted = run.training().steps();
      if (loop.resume(store)) {
        place.watcher().said("resumed at step " + loop.step() + " of " + wanted);
      }
      boolean further = loop.step() < Math.min(place.until(), wanted);
      if (further) {
        train(parameters, loop, store);
      }
      if (further || !Files.exists(folder.resolve(Manifest.FILE_NAME))) {
        leaveModel(loop, folder);
      }
    }
    place.watcher().said("the student is in " + folder);
  }

  /** The generator as the student's model has it, the critic as the teacher's has, in FLOAT32. */
  private FlatParameters startingWeights() {
    try (var scope = Scope.open();
        var generator = transformer(from, student.transformer());
        var critic = transformer(teacherFrom, teacher.transformer())) {
      Map<String, Tensor> all = new LinkedHashMap<>();
      generator.taken().forEach((name, w) -> all.put(DistillLoop.GENERATOR + "." + name, w));
      critic.taken().forEach((name, w) -> all.put(DistillLoop.CRITIC + "." + name, w));
      return FlatParameters.copyOf(all, place.first());
    }
  }

  private Weights transformer(Path folder, WanConfig config) {
    try (var file = Safetensors.open(folder.resolve(VideoModel.TRANSFORMER))) {
      var source = new CheckpointSource(file, KeyMap.identity(), Dtype.FLOAT32, place.first());
      var weights = Weights.from(source);
      try {
        WanTransformer.of(weights, config);
        source.requireNothingSpare(weights);
        return weights;
      } catch (RuntimeException e) {
        weights.close();
        throw e;
      }
    }
  }

  private void train(FlatParameters parameters, DistillLoop loop, CheckpointStore store) {
    var watcher = place.watcher();
    watcher.said(
        run.stage()
            + ": "
            + run.training().steps()
            + " steps, "
            + parameters.count()
            + " weights of generator and critic, on "
            + place.devices());
    var heard = watcher.stage(run.stage());
    try (var team = Team.of(parameters, place.others(), this::member);
        var events = EventFile.in(place.output().resolve(run.stage()).resolve("tensorboard"))) {
      loop.run(
          team,
          place.until(),
          store,
          (step, steps, values) -> {
            events.scalars(step, values);
            heard.logged(step, steps, values);
            values.forEach((tag, value) -> losses.put(run.stage() + "." + tag, value));
          });
    }
  }

  private Member member(FlatParameters own, int rank) {
    var device = own.values().device();
    var model = VideoModel.open(teacherFrom, device, dtype);
    var weights = Weights.from(own);
    var config = run.config();
    var size = student.video();
    var rollout =
        new SelfRollout(
            WanTransformer.of(weights.at(DistillLoop.GENERATOR), student.transformer()),
            run.student().policy(),
            run.student().sampler(),
            size.latentRows(),
            size.latentColumns(),
            config.cleanContext(),
            config.contextFrames(),
            config.contextNoise(),
            config.change().how().orElse(PromptSwitch.KEEP),
            dtype);
    return new Member(
        model,
        weights,
        new DistillObjective(
            config,
            rollout,
            score(WanTransformer.of(weights.at(DistillLoop.CRITIC), teacher.transformer())),
            score(model.transformer()),
            new WorldPrompts(
                model.text(),
                device,
                run.worlds(),
                config.lengths().to(),
                run.teacher().negativePrompt()),
            new VaeOpening(model.vae(), dtype),
            run.training(),
            rank));
  }

  private ScoreNetwork score(WanTransformer network) {
    return new ScoreNetwork(network, run.config().teacher(), run.config().contextTimestep(), dtype);
  }

  private record Member(VideoModel model, Weights weights, Objective objective)
      implements Team.Member {
    @Override
    public void close() {
      weights.close();
      model.close();
    }
  }

  private void leaveModel(DistillLoop loop, Path folder) {
    try (var scope = Scope.open()) {
      Safetensors.write(
          place.output().resolve(VideoModel.TRANSFORMER), loop.averagedGenerator(), Map.of());
    }
    run.student().config(student, run.name()).write(place.output());
    PackModel.run(
        name ->
            (name.equals(VideoModel.TRANSFORMER) || name.equals(ModelConfig.FILE)
                    ? place.output()
                    : from)
                .resolve(name),
        folder,
        Dtype.BFLOAT16,
        new Manifest(
            manifestTree(),
            run.training().seed(),
            loop.step(),
            Revision.here(),
            "own rollouts, captions of training worlds 0 to " + (run.worlds() - 1),
            losses,
            Manifest.versionsHere(),
            Instant.now()));
  }

  private Map<String, Object> manifestTree() {
    var tree = new TreeMap<>(Manifest.tree(run.run()));
    tree.put("stage", run.stage());
    return tree;
  }
}
