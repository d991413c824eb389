package dev.longtake.recipes;

import dev.longtake.data.PromptList;
import dev.longtake.distill.Beginnings;
import dev.longtake.distill.DistillLoop;
import dev.longtake.distill.DistillObjective;
import dev.longtake.distill.ScoreNetwork;
import dev.longtake.distill.SelfRollout;
import dev.longtake.distill.TurnWatch;
import dev.longtake.distill.VaeOpening;
import dev.longtake.nn.Passage;
import dev.longtake.optim.FlatParameters;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.PromptSwitch;
import dev.longtake.rollout.Recall;
import dev.longtake.rollout.Rollout;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Repeats;
import dev.longtake.tensor.ReplayedWork;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.Carried;
import dev.longtake.train.Objective;
import dev.longtake.train.Team;
import dev.longtake.wan.WanTransformer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Distils a model into one of few steps. Resumes from its last checkpoint and leaves the averaged
 * FLOAT32 weights of the student's transformer in the output folder, and a whole model, half as
 * large, in a folder inside it.
 */
final class Distill {
  private static final String GENERATOR = DistillLoop.GENERATOR + ".";
  private static final String CRITIC = DistillLoop.CRITIC + ".";

  private final Distillation run;
  private final Workplace place;
  private final Path from;
  private final Path teacherFrom;
  private final ModelConfig student;
  private final Dtype dtype;
  private final Optional<PromptList> prompts;
  private final Trainee generator;
  private final Trainee critic;

  /**
   * A run.
   *
   * @throws dev.longtake.checkpoint.CheckpointException if a folder is not a model's
   * @throws IllegalArgumentException if student, teacher and critic do not share latents and text,
   *     if the teacher was trained to be asked otherwise, or if the file of prompts cannot be read
   */
  Distill(Distillation run, Workplace place) {
    this.run = run;
    this.place = place;
    student = FolderKey.model("student.from", run.student().from());
    var teacher = FolderKey.model("teacher.from", run.teacher().from());
    from = Path.of(run.student().from());
    teacherFrom = Path.of(run.teacher().from());
    dtype = place.dtype(run.dtype());
    TeacherTraining.check(teacherFrom, run.matching());
    prompts =
        run.promptsOfWorld()
            ? Optional.empty()
            : Optional.of(PromptList.read(Path.of(run.prompts())));
    prompts.ifPresent(list -> Prompts.check(list.texts(), from, student));
    Prompts.checkNegative(
        "teacher.negative_prompt", run.teacher().negativePrompt(), teacherFrom, teacher);
    requireShared("teacher", teacherFrom, teacher);
    var criticKey = run.critic().key();
    var criticFolder = run.critic().from(run.teacher());
    var criticBegins = FolderKey.model(criticKey, criticFolder);
    var criticFrom = Path.of(criticFolder);
    requireShared("critic", criticFrom, criticBegins);
    run.past().requireEach(place.devices().size());
    long seed = run.training().seed();
    generator =
        Trainee.of(
            run.adapter(),
            from.resolve(VideoModel.TRANSFORMER),
            student.transformer(),
            GENERATOR,
            Rng.mix(seed, 0));
    critic =
        Trainee.of(
            run.adapter(),
            criticFrom.resolve(VideoModel.TRANSFORMER),
            criticBegins.transformer(),
            CRITIC,
            Rng.mix(seed, 1));
  }

  private void requireShared(String whose, Path folder, ModelConfig other) {
    boolean shared =
        student.vae().equals(other.vae())
            && student.textEncoder().equals(other.textEncoder())
            && student.transformer().textLen() == other.transformer().textLen();
    if (!shared) {
      throw new IllegalArgumentException(
          "the student's model "
              + from
              + " and the "
              + whose
              + "'s "
              + folder
              + " differ in autoencoder or text encoder; give models that share latents and text");
    }
  }

  /** Runs what is not finished. */
  void run() {
    var config = run.student().config(student, run.name());
    SampleVideos.check(run.samples(), from, config);
    var leaving = new FinishedModel(from, config, place);
    leaving.requireOwn(run.stage());
    if (student.recall() != config.recall()) {
      place
          .watcher()
          .said(
              "student.recall is "
                  + word(config.recall())
                  + ", but "
                  + from
                  + " was trained with "
                  + word(student.recall())
                  + " keys; it has to learn the others, or give it that");
    }
    place.makeOutput();
    Map<String, Double> losses = new TreeMap<>();
    var stage =
        new Stage(
            run.stage(), run.matching().prompts() + " rollouts", run.training(), place, losses);
    var carried = critic.carrying(generator.carrying(Carried.NOTHING));
    try (var parameters = startingWeights();
        var loop = new DistillLoop(run.training(), parameters, carried)) {
      var store = stage.resumed(loop);
      sampling(config).during(loop, this::transformer);
      long before = loop.step();
      if (stage.goesOn(loop)) {
        place
            .watcher()
            .said(
                run.stage()
                    + ": "
                    + run.training().steps()
                    + " steps, "
                    + parameters.count()
                    + " weights of generator and critic");
        try (var team = Team.of(parameters, place.others(), this::member)) {
          long beside = generator.besideBytes() + critic.besideBytes();
          stage.steps(parameters, loop, team, store, beside);
        }
      }
      stage.reached(loop);
      if (loop.step() == 0) {
        return;
      }
      if (loop.step() > before || !leaving.isThere(loop.step())) {
        try (var scope = Scope.open()) {
          var trained = loop.averagedGenerator();
          generator.leave(trained, place.output());
          leaving.write(generator.whole(trained));
        }
        leaving.pack(
            FinishedModel.manifest(
                run.stage(), run, run.training().seed(), loop.step(), data(), losses));
      }
      leaving.tell();
    }
  }

  private static String word(Recall recall) {
    return recall.name().toLowerCase(Locale.ROOT);
  }

  private SampleVideos sampling(ModelConfig config) {
    var trained = Map.of(VideoModel.TRANSFORMER, GENERATOR);
    return new SampleVideos(
        place.output(), from, config, trained, run.samples(), place.first(), dtype);
  }

  private String data() {
    var told =
        prompts
            .map(list -> list.size() + " prompts of " + run.prompts())
            .orElseGet(() -> "captions of training worlds 0 to " + (run.worlds() - 1));
    return "own rollouts, " + run.past().data(told, run.matching().rehearsal().share());
  }

  /** The generator's weights, as samples are made with, of what is trained of it. */
  private Map<String, Tensor> transformer(Map<String, Tensor> trained) {
    Map<String, Tensor> bare = new LinkedHashMap<>();
    trained.forEach((name, w) -> bare.put(name.substring(GENERATOR.length()), w));
    Map<String, Tensor> out = new LinkedHashMap<>();
    generator.whole(bare).forEach((name, w) -> out.put(GENERATOR + name, w));
    return out;
  }

  /** Of the generator as the student's model has it, of the critic as its own has. */
  private FlatParameters startingWeights() {
    try (var scope = Scope.open()) {
      Map<String, Tensor> all = new LinkedHashMap<>(generator.first());
      all.putAll(critic.first());
      return FlatParameters.copyOf(all, place.first());
    }
  }

  private Member member(FlatParameters own, int rank) {
    var opened = new ArrayDeque<Runnable>(); // to be closed, the latest first
    try {
      var model = VideoModel.open(teacherFrom, own.values().device(), dtype);
      opened.push(model::close);
      var learning = generator.over(own);
      opened.push(learning::close);
      var judging = critic.over(own);
      opened.push(judging::close);
      var videos = videos(learning.model(), model.device());
      opened.push(videos::close);
      var repeats = repeats(model.device(), opened);
      model.text().runBy(repeats);
      var prompts =
          new TextPrompts(model.text(), model.device(), captions(), run.teacher().negativePrompt());
      var beginnings = beginnings(prompts, rank, opened);
      var objective =
          objective(
              learning.model(), videos, judging.model(), model, prompts, beginnings, repeats, rank);
      return new Member(opened, learning.adapting().apply(judging.adapting().apply(objective)));
    } catch (RuntimeException | Error e) {
      opened.forEach(Runnable::run);
      throw e;
    }
  }

  /** The student's videos, a batch at a time. */
  private Rollout videos(WanTransformer learning, Device device) {
    var size = student.video();
    var videos =
        Rollout.ofBatch(
            run.matching().prompts(),
            learning,
            run.student().policy(),
            run.student().recall(),
            size.latentRows(),
            size.latentColumns(),
            dtype,
            device);
    if (replays(device)) {
      videos.replayPasses();
    }
    return videos;
  }

  private boolean replays(Device device) {
    return run.replay() && device.kind() == Device.Kind.CUDA;
  }

  /** How passes besides the student's own are run. */
  private Repeats repeats(Device device, Deque<Runnable> opened) {
    if (!replays(device)) {
      return Repeats.AS_IT_COMES;
    }
    var replayed = ReplayedWork.on(device);
    opened.push(replayed::close);
    return replayed;
  }

  private DistillObjective objective(
      WanTransformer learning,
      Rollout videos,
      WanTransformer judging,
      VideoModel model,
      TextPrompts prompts,
      Beginnings beginnings,
      Repeats repeats,
      int rank) {
    var config = run.matching();
    var size = student.video();
    var rollout =
        new SelfRollout(
            learning,
            videos,
            run.student().sampler(),
            size.latentRows(),
            size.latentColumns(),
            config.cleanContext(),
            config.contextFrames(),
            config.contextNoise(),
            config.change().how().orElse(PromptSwitch.KEEP),
            Passage.DIRECT,
            TurnWatch.NONE);
    return new DistillObjective(
        config,
        rollout,
        score(judging),
        score(model.transformer()),
        prompts,
        beginnings,
        new VaeOpening(model.vae(), dtype),
        run.training(),
        run.activations(),
        repeats,
        rank);
  }

  private Beginnings beginnings(TextPrompts prompts, int rank, Deque<Runnable> opened) {
    if (run.past().isNone()) {
      return Beginnings.NONE;
    }
    var share = new WorldFootage.Share(rank, place.devices().size());
    var films =
        FilmedBeginnings.of(
            run.past(), run.student(), run.matching(), student, prompts, share, dtype, place);
    opened.push(films::close);
    return films;
  }

  private Captions captions() {
    return prompts
        .map(Captions::of)
        .orElseGet(
            () ->
                Captions.ofWorlds(
                    run.worlds(),
                    run.matching().lengths().to(),
                    run.captionFrames(),
                    student.vae()));
  }

  private ScoreNetwork score(WanTransformer network) {
    return new ScoreNetwork(
        network, run.matching().teacher(), run.matching().contextTimestep(), dtype);
  }

  private record Member(Collection<Runnable> opened, Objective objective) implements Team.Member {
    @Override
    public void close() {
      opened.forEach(Runnable::run);
    }
  }
}
