package dev.longtake.distill;

import dev.longtake.diffusion.FewStepSampler;
import dev.longtake.memory.Eviction;
import dev.longtake.memory.SlowFast;
import dev.longtake.nn.Init;
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
import dev.longtake.tensor.Repeats;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.Activations;
import dev.longtake.train.ContextTimestep;
import dev.longtake.wan.WanConfig;
import dev.longtake.wan.WanTransformer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/** Generator, critic and teacher of a few thousand random weights. */
record Troupe(
    FlatParameters flat,
    Weights weights,
    Weights fixed,
    WanTransformer generator,
    WanTransformer critic,
    WanTransformer teacher,
    List<Rollout> rollouts)
    implements AutoCloseable {
  static final int CHANNELS = 2;
  static final int SIDE = 4; // latent rows and columns: four patches a frame
  static final WanConfig WAN = new WanConfig(16, 24, 8, 8, 5, CHANNELS, 2, 2);
  static final FewStepSampler SAMPLER = new FewStepSampler(1000, 900, 750, 500);

  /** 3 + 3 + 6 latent frames. */
  static final SlowFast MEMORY = new SlowFast(3, 3, 6, SlowFast.ALWAYS, 1, Eviction.REDUNDANT);

  static final PromptSource PROMPTS =
      new PromptSource() {
        @Override
        public Tensor draw(SplittableRandom random, int count) {
          return states(random.nextLong(), count);
        }

        @Override
        public Tensor unconditional(int count) {
          return Tensor.zeros(Dtype.FLOAT32, Device.CPU, count, 4, WAN.textDim());
        }
      };

  static final Opening NO_OPENING =
      video -> {
        throw new AssertionError("nothing is to be encoded anew");
      };

  static Troupe of(long seed) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(seed, Device.CPU)) {
      Map<String, Tensor> all = new LinkedHashMap<>();
      for (var name : new String[] {DistillLoop.GENERATOR, DistillLoop.CRITIC}) {
        drawn(rng).forEach((key, weight) -> all.put(name + "." + key, weight));
      }
      var flat = FlatParameters.copyOf(all, Device.CPU);
      var weights = Weights.from(flat);
      var fixed = Weights.from(given(drawn(rng)));
      return new Troupe(
          flat,
          weights,
          fixed,
          WanTransformer.of(weights.at(DistillLoop.GENERATOR), WAN),
          WanTransformer.of(weights.at(DistillLoop.CRITIC), WAN),
          WanTransformer.of(fixed, WAN),
          new ArrayList<>());
    }
  }

  private static Weights.Source given(Map<String, Tensor> tensors) {
    return new Weights.Source() {
      @Override
      public Tensor read(String name, Init init, long... shape) {
        return tensors.get(name).copy();
      }

      @Override
      public Set<String> names() {
        return tensors.keySet();
      }
    };
  }

  /** None is left at 0, where fresh heads start: such a transformer predicts 0. */
  private static Map<String, Tensor> drawn(Rng rng) {
    var weights = Weights.random(rng, Dtype.FLOAT32);
    WanTransformer.of(weights, WAN);
    Map<String, Tensor> out = new LinkedHashMap<>();
    weights
        .taken()
        .forEach(
            (name, weight) -> {
              weight.plusInPlace(rng.normal(Dtype.FLOAT32, weight.shape()), 0.1);
              out.put(name, weight.copy());
            });
    weights.close();
    return out;
  }

  SelfRollout rollout(int videos, CleanContext clean, int contextFrames, double noise) {
    rollouts.add(
        Rollout.ofBatch(
            videos, generator, MEMORY, Recall.CACHED, SIDE, SIDE, Dtype.FLOAT32, Device.CPU));
    return new SelfRollout(
        generator,
        rollouts.getLast(),
        SAMPLER,
        SIDE,
        SIDE,
        clean,
        contextFrames,
        noise,
        PromptSwitch.RECOMPUTE,
        Passage.DIRECT,
        TurnWatch.NONE);
  }

  DistillObjective objective(
      DistillConfig config, Opening opening, DistillTraining training, int rank) {
    return objective(config, opening, training, Activations.KEPT, rank);
  }

  DistillObjective objective(
      DistillConfig config,
      Opening opening,
      DistillTraining training,
      Activations activations,
      int rank) {
    return objective(config, opening, training, activations, Repeats.AS_IT_COMES, rank);
  }

  DistillObjective objective(
      DistillConfig config,
      Opening opening,
      DistillTraining training,
      Activations activations,
      Repeats repeats,
      int rank) {
    return new DistillObjective(
        config,
        rollout(
            config.prompts(), config.cleanContext(), config.contextFrames(), config.contextNoise()),
        score(critic, config),
        score(teacher, config),
        PROMPTS,
        Beginnings.NONE,
        opening,
        training,
        activations,
        repeats,
        rank);
  }

  private static ScoreNetwork score(WanTransformer model, DistillConfig config) {
    return new ScoreNetwork(model, config.teacher(), config.contextTimestep(), Dtype.FLOAT32);
  }

  /** Contextual DMD over windows of 6 frames, the causal teacher seeing what memory holds. */
  static DistillConfig contextual(ExitGradient exits) {
    return contextual(exits, new RolloutLengths(12, 21, 3, 4), 2, Rehearsal.NONE);
  }

  static DistillConfig contextual(
      ExitGradient exits, RolloutLengths lengths, double guidance, Rehearsal rehearsal) {
    return new DistillConfig(
        2,
        lengths,
        CleanContext.WINDOW,
        0,
        PromptChange.NONE,
        6,
        0,
        Sight.CAUSAL_WITH_MEMORY,
        ContextKind.MEMORY,
        ContextKind.MEMORY,
        6,
        ContextTimestep.ZERO,
        guidance,
        new TimeWarp(3, 20, 980),
        CriticWeight.FLAT,
        exits,
        0,
        rehearsal);
  }

  /** A teacher and a critic that see nothing but the window, at guidance 3. */
  static DistillConfig withoutContext(
      Sight sight,
      RolloutLengths lengths,
      PromptChange change,
      int window,
      int lead,
      ExitGradient exits,
      int earliestExit,
      Rehearsal rehearsal) {
    return new DistillConfig(
        2,
        lengths,
        CleanContext.ALL,
        0,
        change,
        window,
        lead,
        sight,
        ContextKind.NONE,
        ContextKind.NONE,
        0,
        ContextTimestep.ZERO,
        3,
        new TimeWarp(5, 20, 980),
        CriticWeight.FLAT,
        exits,
        earliestExit,
        rehearsal);
  }

  static DistillTraining training(long steps, long every, int accumulate) {
    var adam = new AdamW.Config(0, 0.99, 1e-8, 0.01);
    return new DistillTraining(
        6,
        steps,
        every,
        accumulate,
        new DistillTraining.Updates(new RateSchedule(1e-3, 0, steps, 1), adam, 2),
        new DistillTraining.Updates(new RateSchedule(2e-3, 0, steps, 1), adam, 2),
        0.9,
        2,
        1,
        3,
        2,
        "");
  }

  static Tensor states(long seed, int count) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(seed, Device.CPU)) {
      return scope.keep(rng.normal(Dtype.FLOAT32, count, 4, WAN.textDim()));
    }
  }

  @Override
  public void close() {
    rollouts.forEach(Rollout::close);
    weights.close();
    fixed.close();
    flat.close();
  }
}
