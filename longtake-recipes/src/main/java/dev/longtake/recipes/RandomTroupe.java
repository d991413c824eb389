package dev.longtake.recipes;

import dev.longtake.diffusion.FewStepSampler;
import dev.longtake.distill.Beginnings;
import dev.longtake.distill.CleanContext;
import dev.longtake.distill.CriticWeight;
import dev.longtake.distill.DistillConfig;
import dev.longtake.distill.DistillLoop;
import dev.longtake.distill.DistillObjective;
import dev.longtake.distill.DistillTraining;
import dev.longtake.distill.PromptChange;
import dev.longtake.distill.PromptSource;
import dev.longtake.distill.Rehearsal;
import dev.longtake.distill.RolloutLengths;
import dev.longtake.distill.ScoreNetwork;
import dev.longtake.distill.SelfRollout;
import dev.longtake.distill.Sight;
import dev.longtake.distill.TimeWarp;
import dev.longtake.distill.VaeOpening;
import dev.longtake.eval.NetworkSize;
import dev.longtake.eval.RandomWeights;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.nn.Passage;
import dev.longtake.nn.Weights;
import dev.longtake.optim.AdamW;
import dev.longtake.optim.FlatParameters;
import dev.longtake.optim.RateSchedule;
import dev.longtake.rollout.PromptSwitch;
import dev.longtake.rollout.Recall;
import dev.longtake.rollout.Rollout;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.NativeMemory;
import dev.longtake.tensor.Repeats;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.ContextTimestep;
import dev.longtake.train.Team;
import dev.longtake.vae.WanVae;
import dev.longtake.wan.WanTransformer;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/**
 * Student, teacher and critic of random weights, and what stage 2 of Context Forcing does with them
 * in a step, at its dearest: every chunk before the judged ones gets all passes, and these end at
 * the last one.
 */
final class RandomTroupe implements AutoCloseable {
  private static final int FRAMES = 84;
  private static final int WINDOW = 21;
  private static final float[] TIMESTEPS = {1000, 937.5f, 833.3f, 625};
  private static final String TEACHER = "teacher";
  private static final String VAE = "vae";
  private static final long SEED = 5;
  private static final long FLOAT_BYTES = 4;

  private final FlatParameters parameters;
  private final Weights weights;
  private final Weights fixed;
  private final WanVae vae;
  private final Rollout videos;
  private final DistillTraining training;
  private final DistillObjective objective;
  private final TurnClock clock;

  private RandomTroupe(
      FlatParameters parameters,
      Weights weights,
      Weights fixed,
      WanVae vae,
      Rollout videos,
      DistillTraining training,
      DistillObjective objective,
      TurnClock clock) {
    this.parameters = parameters;
    this.weights = weights;
    this.fixed = fixed;
    this.vae = vae;
    this.videos = videos;
    this.training = training;
    this.objective = objective;
    this.clock = clock;
  }

  /** Draws the networks: student and critic in FLOAT32, the teacher in the arithmetic's type. */
  static RandomTroupe of(NetworkSize size, Device device, Dtype dtype, DistillSettings settings) {
    var config = config(settings);
    var training = training(config);
    var clock = new TurnClock(device);
    try (var scope = Scope.open();
        var rng = Rng.seeded(device, SEED)) {
      var parameters = learning(size, device, rng);
      NativeMemory.giveBack(device);
      var weights = Weights.from(parameters);
      var fixed = Weights.from(new RandomWeights(rng, dtype));
      var generator = WanTransformer.of(weights.at(DistillLoop.GENERATOR), size.wan());
      var videos =
          Rollout.ofBatch(
              config.prompts(),
              generator,
              MemoryPolicies.CONTEXT_FORCING_REDUNDANT,
              Recall.CACHED,
              size.rows(),
              size.columns(),
              dtype,
              device);
      var rollout =
          new SelfRollout(
              generator,
              videos,
              new FewStepSampler(TIMESTEPS),
              size.rows(),
              size.columns(),
              CleanContext.ALL,
              WINDOW,
              0,
              PromptSwitch.KEEP,
              Passage.DIRECT,
              clock);
      var critic = WanTransformer.of(weights.at(DistillLoop.CRITIC), size.wan());
      var teacher = WanTransformer.of(fixed.at(TEACHER), size.wan());
      var vae = WanVae.of(size.vae(), fixed.at(VAE));
      var objective =
          new DistillObjective(
              config,
              rollout,
              new ScoreNetwork(critic, Sight.BIDIRECTIONAL, ContextTimestep.ZERO, dtype),
              new ScoreNetwork(teacher, Sight.BIDIRECTIONAL, ContextTimestep.ZERO, dtype),
              new RandomPrompts(size, device, dtype),
              Beginnings.NONE,
              new VaeOpening(vae, dtype),
              training,
              settings.activations(),
              Repeats.AS_IT_COMES,
              0);
      return new RandomTroupe(parameters, weights, fixed, vae, videos, training, objective, clock);
    }
  }

  private static FlatParameters learning(NetworkSize size, Device device, Rng rng) {
    try (var scope = Scope.open();
        var drawn = Weights.from(new RandomWeights(rng, Dtype.FLOAT32))) {
      for (var name : List.of(DistillLoop.GENERATOR, DistillLoop.CRITIC)) {
        WanTransformer.of(drawn.at(name), size.wan());
      }
      return FlatParameters.copyOf(drawn.taken(), device);
    }
  }

  private static DistillConfig config(DistillSettings settings) {
    return new DistillConfig(
        1,
        RolloutLengths.always(FRAMES),
        CleanContext.ALL,
        0,
        PromptChange.NONE,
        WINDOW,
        0,
        Sight.BIDIRECTIONAL,
        settings.context(),
        settings.context(),
        WINDOW,
        ContextTimestep.ZERO,
        6,
        new TimeWarp(5, 20, 980),
        CriticWeight.BELL,
        settings.exitGradient(),
        0,
        Rehearsal.NONE);
  }

  /** Of the first seed whose rollouts of both turns end at the last pass. */
  private static DistillTraining training(DistillConfig config) {
    long seed = 0;
    while (!endsLast(config, training(seed))) {
      seed++;
    }
    return training(seed);
  }

  private static boolean endsLast(DistillConfig config, DistillTraining training) {
    int passes = TIMESTEPS.length;
    return LongStream.of(DistillObjective.generatorTurn(0), DistillObjective.criticTurn(0))
        .allMatch(
            turn -> DistillObjective.draw(config, training, passes, turn).exit() == passes - 1);
  }

  /** The published optimisers, for one step in which both networks learn. */
  private static DistillTraining training(long seed) {
    return new DistillTraining(
        seed, 1, 1, 1, updates(2e-6, 0.9, 0.999), updates(4e-7, 0.5, 0.95), 0.99, 0, 1, 1, 1, "");
  }

  private static DistillTraining.Updates updates(double rate, double beta1, double beta2) {
    return new DistillTraining.Updates(
        new RateSchedule(rate, 0, 1, 1), new AdamW.Config(beta1, beta2, 1e-8, 0.01), 2);
  }

  /** One step from fresh moments: the generator's turn, then the critic's. */
  List<TurnClock.Turn> step() {
    try (var loop = new DistillLoop(training, parameters);
        var team = Team.alone(parameters, objective)) {
      loop.watchedBy(clock);
      clock.start();
      loop.run(team, 1, (state, reached) -> {}, (step, steps, values) -> {});
      return clock.turns();
    }
  }

  /** What memory holds throughout a step. */
  List<DistillTimes.Standing> standing() {
    long learning = FLOAT_BYTES * parameters.count();
    long generator = 0;
    try (var scope = Scope.open()) {
      var part = parameters.part(DistillLoop.GENERATOR + ".");
      generator = FLOAT_BYTES * part.count();
      part.close();
    }
    return List.of(
        DistillTimes.standing("weights of student and critic", learning),
        DistillTimes.standing("their gradients", learning),
        DistillTimes.standing("their moments", 2 * learning),
        DistillTimes.standing("which of them decay", learning),
        DistillTimes.standing("moving average of the student", generator),
        DistillTimes.standing("teacher", bytes(TEACHER)),
        DistillTimes.standing("autoencoder", bytes(VAE)));
  }

  private long bytes(String network) {
    return fixed.taken().entrySet().stream()
        .filter(weight -> weight.getKey().startsWith(network + "."))
        .mapToLong(weight -> weight.getValue().count() * weight.getValue().dtype().bytes())
        .sum();
  }

  /** Numbers in place of what a text encoder would say. */
  private record RandomPrompts(NetworkSize size, Device device, Dtype dtype)
      implements PromptSource {
    @Override
    public Tensor draw(SplittableRandom random, int count) {
      return states(random.nextLong(), count);
    }

    @Override
    public Tensor unconditional(int count) {
      return states(SEED, count);
    }

    private Tensor states(long seed, int count) {
      try (var scope = Scope.open();
          var rng = Rng.seeded(device, seed)) {
        return scope.keep(rng.normal(dtype, count, size.wan().textLen(), size.wan().textDim()));
      }
    }
  }

  @Override
  public void close() {
    videos.close();
    vae.close();
    weights.close();
    fixed.close();
    parameters.close();
  }
}
