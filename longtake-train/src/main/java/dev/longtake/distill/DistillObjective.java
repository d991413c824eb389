package dev.longtake.distill;

import dev.longtake.diffusion.FlowSchedule;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.Objective;
import java.util.List;
import java.util.Map;
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
 * @param opening begins new videos for a bidirectional teacher
 * @param seed of what is drawn
 * @param rank which of the devices that share a step, from 0: prompts and noise differ, lengths and
 *     exits do not
 */
public record DistillObjective(
    DistillConfig config,
    SelfRollout rollout,
    ScoreNetwork critic,
    ScoreNetwork teacher,
    PromptSource prompts,
    Opening opening,
    long seed,
    int rank)
    implements Objective {

  /** The turn in which the generator learns at a step. */
  public static long generatorTurn(long step) {
    return 2 * step;
  }

  /** The turn in which the critic learns at a step. */
  public static long criticTurn(long step) {
    return 2 * step + 1;
  }

  /** Everything that one rollout needs to be judged. */
  private record Trial(RolloutDraw draw, List<Shot> shots, SplittableRandom random) {
    Tensor lastStates() {
      return shots.getLast().states();
    }
  }

  /** A noisy window at which critic and teacher are compared: the same for both. */
  private record Noisy(Tensor window, Tensor noise, @Axes("B 1 1 1 1") Tensor sigma, float[] at) {}

  /** The loss of a turn's first rollout, with its graph. */
  @Override
  public Loss at(long turn, Rng rng) {
    try (var scope = Scope.open()) {
      var trial = trial(turn, 0);
      var loss = isCritics(turn) ? criticLoss(trial, rng) : recordedLoss(trial, rng);
      loss.parts().values().forEach(scope::keep);
      return new Loss(scope.keep(loss.total()), loss.parts());
    }
  }

  /** Adds the gradient of all of a turn's rollouts, one after the other. */
  @Override
  public Loss backward(long turn, Rng rng) {
    try (var scope = Scope.open()) {
      var total = Tensor.zeros(Dtype.FLOAT32, rng.device());
      Map<String, Tensor> parts = Map.of();
      for (int i = 0; i < config.accumulate(); i++) {
        try (var one = Scope.open()) {
          var trial = trial(turn, i);
          var loss =
              isCritics(turn) || config.exitGradient() == ExitGradient.RECORDED
                  ? differentiated(
                      isCritics(turn) ? criticLoss(trial, rng) : recordedLoss(trial, rng))
                  : replayedLoss(trial, rng);
          total.plusInPlace(loss.total().detach().to(Dtype.FLOAT32), 1.0 / config.accumulate());
          parts = loss.parts();
          parts.values().forEach(one::keep);
        }
      }
      parts.values().forEach(scope::keep);
      return new Loss(scope.keep(total), parts);
    }
  }

  private Loss differentiated(Loss loss) {
    loss.total().times(1.0 / config.accumulate()).backward();
    return loss;
  }

  private static boolean isCritics(long turn) {
    return turn % 2 == 1;
  }

  private Trial trial(long turn, int number) {
    var shared = new SplittableRandom(Rng.mix(seed, turn, number));
    var draw =
        RolloutDraw.of(
            shared,
            turn / 2,
            config.lengths(),
            rollout.sampler().steps(),
            config.change(),
            config.window(),
            config.teacherFraming().scored());
    var own = new SplittableRandom(Rng.mix(seed, turn, number, rank));
    int count = config.prompts();
    var first = new Shot(0, prompts.draw(own, count));
    var shots =
        draw.change().isEmpty()
            ? List.of(first)
            : List.of(first, new Shot(draw.change().getAsInt(), prompts.draw(own, count)));
    return new Trial(draw, shots, own);
  }

  private int judgedFrom(Trial trial) {
    return trial.draw().frames() - config.teacherFraming().scored();
  }

  private Loss recordedLoss(Trial trial, Rng rng) {
    try (var scope = Scope.open();
        var rolled = rollout.recorded(trial.draw(), trial.shots(), judgedFrom(trial), rng)) {
      var direction = direction(rolled, trial, rng);
      return kept(scope, Dmd.surrogate(rolled.judged(), direction), direction);
    }
  }

  private Loss replayedLoss(Trial trial, Rng rng) {
    try (var scope = Scope.open();
        var rolled = rollout.replayable(trial.draw(), trial.shots(), judgedFrom(trial), rng)) {
      var direction = direction(rolled, trial, rng);
      rolled.backward(direction.times(1.0 / direction.count() / config.accumulate()));
      return kept(scope, Dmd.surrogate(rolled.judged(), direction), direction);
    }
  }

  private static Loss kept(Scope scope, Tensor total, Tensor direction) {
    var norm = direction.abs().mean();
    return new Loss(scope.keep(total), Map.of("dmdtrain_gradient_norm", scope.keep(norm)));
  }

  /** Where critic and guided teacher differ about the judged latents. */
  private @Axes("B C F Y X") Tensor direction(Rolled rolled, Trial trial, Rng rng) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var noisy = noisy(rolled, trial, rng);
      var shown = config.teacherFraming().excerpts(rolled, opening);
      var told = trial.lastStates();
      var untold = prompts.unconditional(config.prompts());

      var conditional = flow(teacher, noisy, shown, told);
      var real =
          config.guidance() == 1
              ? conditional
              : Dmd.guided(conditional, flow(teacher, noisy, shown, untold), config.guidance());
      var fake = flow(critic, noisy, config.criticFraming().excerpts(rolled, opening), told);

      var x = rolled.judged().detach();
      var noisyScored = scored(noisy.window());
      return scope.keep(
          Dmd.gradient(
              x,
              Dmd.clean(noisyScored, fake, noisy.sigma()),
              Dmd.clean(noisyScored, real, noisy.sigma())));
    }
  }

  private static Tensor flow(
      ScoreNetwork network, Noisy noisy, List<Excerpt> excerpts, Tensor states) {
    try (var scope = Scope.open()) {
      var prompt = network.model().read(states);
      return scope.keep(network.flow(noisy.window(), noisy.sigma(), excerpts, prompt));
    }
  }

  private Loss criticLoss(Trial trial, Rng rng) {
    try (var scope = Scope.open();
        var rolled = rollout.withoutGradient(trial.draw(), trial.shots(), judgedFrom(trial), rng)) {
      var noisy = noisy(rolled, trial, rng);
      var shown = config.criticFraming().excerpts(rolled, opening);
      var flow = flow(critic, noisy, shown, trial.lastStates());
      var weights = weights(noisy, rng.device());
      var loss = Dmd.critic(flow, rolled.judged(), scored(noisy.noise()), weights);
      return new Loss(scope.keep(loss), Map.of());
    }
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
