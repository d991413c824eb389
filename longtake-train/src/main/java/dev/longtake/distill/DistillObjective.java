package dev.longtake.distill;

import dev.longtake.diffusion.FlowSchedule;
import dev.longtake.nn.Passage;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Repeats;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.Activations;
import dev.longtake.train.Objective;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * One turn of the generator or of the critic. Step k of a run has two turns: 2k is the generator's,
 * 2k + 1 the critic's, each with rollouts of its own.
 *
 * @param config what is learnt
 * @param rollout the generator through its memory
 * @param critic learns what the generator makes
 * @param teacher stays as it is
 * @param prompts what is rolled out
 * @param beginnings true videos that rollouts go on from; none where prompts change
 * @param opening begins new videos for a bidirectional teacher
 * @param training whose seed and batches these are
 * @param activations what becomes of those of the network that learns
 * @param repeats runs passes of teacher and critic, and the passes that gradients go through where
 *     activations are kept; with one that replays, judged chunks' exits are made again whatever the
 *     exit gradient
 * @param rank which of the devices that share a step, from 0: prompts and noise differ, lengths and
 *     exits do not
 */
public record DistillObjective(
    DistillConfig config,
    SelfRollout rollout,
    ScoreNetwork critic,
    ScoreNetwork teacher,
    PromptSource prompts,
    Beginnings beginnings,
    Opening opening,
    DistillTraining training,
    Activations activations,
    Repeats repeats,
    int rank)
    implements Objective {
  /** Tag of the mean size of {@link Dmd#gradient}. */
  static final String GRADIENT_NORM = "dmdtrain_gradient_norm";

  /** Tag of {@link Dmd#efficiency}. */
  static final String EFFICIENCY = "critic_efficiency";

  /** Stands for all ranks where devices draw alike. */
  private static final int ALL_DEVICES = -1;

  /** Checks the exits, and that no prompt changes in a true video. */
  public DistillObjective {
    config.requireExits(rollout.sampler().steps());
    if (beginnings != Beginnings.NONE && config.change() != PromptChange.NONE) {
      throw new IllegalArgumentException(
          "rollouts that go on from true videos have one prompt: give change none, not "
              + config.change());
    }
  }

  /** The turn in which the generator learns at a step. */
  public static long generatorTurn(long step) {
    return 2 * step;
  }

  /** The turn in which the critic learns at a step. */
  public static long criticTurn(long step) {
    return 2 * step + 1;
  }

  /**
   * What all devices draw alike for the rollouts of a batch.
   *
   * @param passes of the student's sampler
   * @param batch as in {@link #at}
   */
  public static RolloutDraw draw(
      DistillConfig config, DistillTraining training, int passes, long batch) {
    return RolloutDraw.of(
        new SplittableRandom(Rng.mix(training.seed(), batch)),
        step(training, batch),
        config,
        passes);
  }

  private static long step(DistillTraining training, long batch) {
    return batch / training.accumulate() / 2;
  }

  /** What is replayed: a flow of a network, or what the critic learns from. */
  private record Use(ScoreNetwork network, boolean learning, Asked.Plan plan) {}

  /** Everything that one rollout needs to be made and judged. */
  private record Trial(Script script, SplittableRandom random) {
    Tensor lastStates() {
      return script.shots().getLast().states();
    }
  }

  /** Where critic and teacher differ about the judged latents, and what that is worth. */
  private record Judgement(@Axes("B C F Y X") Tensor direction, Tensor efficiency) {}

  /** A noisy window at which critic and teacher are compared: the same for both. */
  private record Noisy(Tensor window, Tensor noise, @Axes("B 1 1 1 1") Tensor sigma, float[] at) {}

  /**
   * The loss of a batch of rollouts.
   *
   * @param batch from 0; turn t's are the {@code accumulate} ones from {@code t · accumulate} on
   */
  @Override
  public Loss at(long batch, Rng rng) {
    var loss = lossAt(batch, rng);
    Runnable backward =
        () -> {
          loss.backward().run();
          watch().done(TurnPart.GRADIENT);
        };
    return new Loss(loss.total(), loss.parts(), backward);
  }

  private TurnWatch watch() {
    return rollout.watch();
  }

  private Loss lossAt(long batch, Rng rng) {
    long turn = batch / training.accumulate();
    var trial = trial(batch);
    if (isCritics(turn)) {
      if (replaysGradients()) {
        return replayedCriticLoss(trial, rng);
      }
      return activations
          .of(passage -> (i, dice) -> criticLoss(trial, passage, dice))
          .at(batch, rng);
    }
    return switch (replaysGradients() ? ExitGradient.REPLAYED : config.exitGradient()) {
      case RECORDED ->
          activations.of(passage -> (i, dice) -> recordedLoss(trial, passage, dice)).at(batch, rng);
      case REPLAYED -> replayedLoss(trial, rng);
    };
  }

  /** Layers that are run again are not recorded: what they keep comes and goes. */
  private boolean replaysGradients() {
    return repeats.replaying() && activations == Activations.KEPT;
  }

  private static boolean isCritics(long turn) {
    return turn % 2 == 1;
  }

  private Trial trial(long batch) {
    var draw = draw(config, training, rollout.sampler().steps(), batch);
    var own = new SplittableRandom(Rng.mix(training.seed(), batch, rank));
    return new Trial(script(draw, batch, own), own);
  }

  private Script script(RolloutDraw draw, long batch, SplittableRandom own) {
    int count = config.prompts();
    var shared = new SplittableRandom(Rng.mix(training.seed(), batch, ALL_DEVICES));
    int given =
        draw.rehearsed() ? 0 : beginnings.frames(shared, step(training, batch), draw.frames());
    if (given > 0) {
      var begun = beginnings.draw(own, count, given, draw.frames());
      return new Script(draw, List.of(new Shot(0, begun.states())), Optional.of(begun.given()));
    }
    var first = new Shot(0, prompts.draw(own, count));
    return Script.of(
        draw,
        draw.change().isEmpty()
            ? List.of(first)
            : List.of(first, new Shot(draw.change().getAsInt(), prompts.draw(own, count))));
  }

  private int judgedFrom(Trial trial) {
    return trial.script().draw().frames() - config.teacherFraming().scored();
  }

  private Loss recordedLoss(Trial trial, Passage passage, Rng rng) {
    try (var scope = Scope.open();
        var rolled = rollout.through(passage).recorded(trial.script(), judgedFrom(trial), rng)) {
      var judgement = judgement(rolled, trial, rng);
      var total = Dmd.surrogate(rolled.judged(), judgement.direction()).to(Dtype.FLOAT32);
      return new Loss(scope.keep(total), watched(scope, judgement));
    }
  }

  /** The gradient is computed when it is asked for, which also frees what it is computed from. */
  private Loss replayedLoss(Trial trial, Rng rng) {
    try (var scope = Scope.open()) {
      var rolled = rollout.replayable(trial.script(), judgedFrom(trial), rng);
      try {
        var judgement = judgement(rolled, trial, rng);
        var direction = judgement.direction();
        var total = Dmd.surrogate(rolled.judged(), direction).to(Dtype.FLOAT32);
        var slope = scope.keep(direction.times(1.0 / direction.count()));
        scope.keep(rolled.latents());
        return new Loss(
            scope.keep(total),
            watched(scope, judgement),
            () -> {
              try (rolled) {
                rolled.backward(
                    slope, activations, replaysGradients() ? repeats : Repeats.AS_IT_COMES);
              }
            });
      } catch (RuntimeException | Error e) {
        rolled.close();
        throw e;
      }
    }
  }

  private static Map<String, Tensor> watched(Scope scope, Judgement judgement) {
    return Map.of(
        GRADIENT_NORM, scope.keep(judgement.direction().abs().mean()),
        EFFICIENCY, scope.keep(judgement.efficiency()));
  }

  private Judgement judgement(Rolled rolled, Trial trial, Rng rng) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var noisy = noisy(rolled, trial, rng);
      var shown = config.teacherFraming().excerpts(rolled, opening);
      var told = trial.lastStates();
      watch().done(TurnPart.SHOWING);

      var conditional = flow(teacher, asked(teacher, noisy, shown, told));
      double guidance = config.guidance(trial.script().draw());
      var real = conditional;
      if (guidance != 1) {
        var untold = prompts.unconditional(config.prompts());
        real =
            Dmd.guided(conditional, flow(teacher, asked(teacher, noisy, shown, untold)), guidance);
      }
      watch().done(TurnPart.TEACHER);
      var fake = flow(critic, asked(critic, noisy, shownToCritic(rolled, shown), told));
      watch().done(TurnPart.CRITIC);

      var x = rolled.judged().detach();
      var noisyScored = scored(noisy.window());
      var direction =
          Dmd.gradient(
              x,
              Dmd.clean(noisyScored, fake, noisy.sigma()),
              Dmd.clean(noisyScored, real, noisy.sigma()));
      var efficiency = Dmd.efficiency(fake, conditional, x, scored(noisy.noise()));
      return new Judgement(scope.keep(direction), scope.keep(efficiency));
    }
  }

  /** The teacher's where it is the same, since to make it may take the autoencoder. */
  private List<Excerpt> shownToCritic(Rolled rolled, List<Excerpt> shownToTeacher) {
    return config.criticFraming().equals(config.teacherFraming())
        ? shownToTeacher
        : config.criticFraming().excerpts(rolled, opening);
  }

  private static Asked asked(
      ScoreNetwork network, Noisy noisy, List<Excerpt> shown, Tensor states) {
    var rotary = network.rotary(noisy.window(), shown);
    return new Asked(noisy.window(), noisy.sigma(), states, rotary, shown);
  }

  /** Without gradients. */
  private Tensor flow(ScoreNetwork network, Asked asked) {
    var plan = asked.plan();
    return repeats.run(
        new Use(network, false, plan), asked.tensors(), tensors -> network.flow(plan.of(tensors)));
  }

  private Loss criticLoss(Trial trial, Passage passage, Rng rng) {
    try (var scope = Scope.open()) {
      var loss = lesson(trial, rng).loss(critic.through(passage));
      watch().done(TurnPart.CRITIC);
      return new Loss(scope.keep(loss), Map.of());
    }
  }

  /** Loss and gradient are made together, when the gradient is asked for: NaN until then. */
  private Loss replayedCriticLoss(Trial trial, Rng rng) {
    var lesson = lesson(trial, rng);
    var plan = lesson.asked().plan();
    var network = critic;
    var total = Tensor.full(Double.NaN, Dtype.FLOAT32, rng.device());
    return new Loss(
        total,
        Map.of(),
        () -> {
          try (var scope = Scope.open()) {
            var use = new Use(network, true, plan);
            total.copyFrom(
                repeats.run(
                    use, lesson.tensors(), tensors -> Lesson.of(plan, tensors).learnt(network)));
          }
        });
  }

  /** What the critic learns in its turn, owned by the caller's scope. */
  private Lesson lesson(Trial trial, Rng rng) {
    var rolled = rollout.withoutGradient(trial.script(), judgedFrom(trial), rng);
    var noisy = noisy(rolled, trial, rng);
    var shown = config.criticFraming().excerpts(rolled, opening);
    var asked = asked(critic, noisy, shown, trial.lastStates());
    var weights = weights(noisy, rng.device());
    watch().done(TurnPart.SHOWING);
    return new Lesson(asked, rolled.judged(), scored(noisy.noise()), weights);
  }

  private Noisy noisy(Rolled rolled, Trial trial, Rng rng) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var window = config.teacherFraming().window(rolled, opening);
      float[] timesteps = config.time().draw(trial.random(), config.prompts());
      var sigma = perVideo(timesteps, rng.device()).times(1.0 / FlowSchedule.TIMESTEPS);
      var noise = rng.normal(Dtype.FLOAT32, window.shape());
      return new Noisy(
          scope.keep(FlowSchedule.addNoise(window, noise, sigma)),
          scope.keep(noise),
          scope.keep(sigma),
          timesteps);
    }
  }

  private Tensor weights(Noisy noisy, Device device) {
    var schedule = FlowSchedule.training(config.time().shift());
    float[] weights = noisy.at().clone();
    for (int i = 0; i < weights.length; i++) {
      weights[i] = config.criticWeight().at(schedule, weights[i]);
    }
    return perVideo(weights, device);
  }

  private static @Axes("B 1 1 1 1") Tensor perVideo(float[] values, Device device) {
    return Tensor.of(values, values.length, 1, 1, 1, 1).to(device);
  }

  /** The scored frames of a window. */
  private Tensor scored(Tensor window) {
    return window.narrow(2, config.lead(), config.teacherFraming().scored());
  }
}
