package dev.longtake.train;

import dev.longtake.optim.AdamW;
import dev.longtake.optim.FlatParameters;
import dev.longtake.optim.GradientClip;
import dev.longtake.optim.MovingAverage;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Runs an objective: backward pass, clipping, update, moving average, log, checkpoint.
 *
 * <p>The parameters belong to the caller; optimiser state and moving average belong to the loop.
 * What happens at a step depends on the state before it and on the step's number only, not on when
 * the loop was started.
 */
public final class TrainingLoop implements AutoCloseable {
  private final TrainingConfig config;
  private final FlatParameters parameters;
  private final AdamW adam;
  private final MovingAverage average;
  private final Carried carried;
  private long step;

  /** At step 0, carrying nothing but weights and moments. */
  public TrainingLoop(TrainingConfig config, FlatParameters parameters) {
    this(config, parameters, Carried.NOTHING);
  }

  /**
   * At step 0.
   *
   * @param carried saved and restored with the rest; stays the caller's
   */
  public TrainingLoop(TrainingConfig config, FlatParameters parameters, Carried carried) {
    this.carried = carried;
    this.config = config;
    this.parameters = parameters;
    adam = new AdamW(config.adam(), parameters);
    average = new MovingAverage(config.emaDecay(), parameters);
  }

  /** The next step, from 0. */
  public long step() {
    return step;
  }

  /** The averaged weights, laid out like the parameters. */
  public MovingAverage average() {
    return average;
  }

  TrainingState state() {
    return new TrainingState(
        step,
        adam.updates(),
        parameters.values(),
        adam.first(),
        adam.second(),
        average.average(),
        carried.tensors());
  }

  void restore(TrainingState state) {
    carried.restore(state.carried());
    step = state.step();
    parameters.values().copyFrom(state.values());
    adam.restore(state.updates(), state.first(), state.second());
    average.average().copyFrom(state.average());
  }

  /** Runs with one device alone, see the other method. */
  public void run(Objective objective, long until, Checkpoints checkpoints, Progress progress) {
    try (var team = Team.alone(parameters, objective)) {
      run(team, until, checkpoints, progress);
    }
  }

  /**
   * Runs until the configured number of steps, or until told to stop.
   *
   * @param team what computes gradients, of the same parameters; the parts of the loss that are
   *     logged are its first member's
   * @param until stop before this step; the configured end if larger
   * @param checkpoints where states are saved
   * @throws TrainingException if the loss or a gradient is not finite, which is looked at in every
   *     step that is logged or saved: a broken state never replaces a good checkpoint
   */
  public void run(Team team, long until, Checkpoints checkpoints, Progress progress) {
    long end = Math.min(until, config.steps());
    long started = System.nanoTime();
    long sinceStep = step;
    while (step < end) {
      boolean last = step + 1 == end;
      boolean log = last || (step + 1) % config.logEvery() == 0;
      boolean save = last || (step + 1) % config.saveEvery() == 0;
      var values = advance(team, log || save);
      step++;
      if (log) {
        double seconds = (System.nanoTime() - started) / 1e9;
        values.put("per iteration time", seconds / (step - sinceStep));
        started = System.nanoTime();
        sinceStep = step;
        progress.logged(step - 1, config.steps(), values);
      }
      if (save) {
        try (var scope = Scope.open()) {
          checkpoints.save(state());
        }
      }
    }
  }

  private Map<String, Double> advance(Team team, boolean look) {
    var values = new LinkedHashMap<String, Double>();
    double rate = config.rate().at(step);
    try (var scope = Scope.open()) {
      var loss = team.backward(config.seed(), step);
      var norm = GradientClip.apply(parameters, config.clip());
      if (look) {
        loss.parts().forEach((tag, value) -> values.put(tag, value.item()));
        values.put("loss", loss.total().item());
        values.put("grad_norm", norm.item());
        values.put("learning_rate", rate);
        requireFinite(values);
      }
      adam.step(parameters, rate);
      average.update(parameters, adam.updates());
    }
    return values;
  }

  private void requireFinite(Map<String, Double> values) {
    values.forEach(
        (tag, value) -> {
          if (!Double.isFinite(value)) {
            throw new TrainingException(
                "step "
                    + step
                    + ": "
                    + tag
                    + " is "
                    + value
                    + firstBroken()
                    + "; resume from the last checkpoint with a lower learning rate, or with"
                    + " log_every 1 to find the step where it began");
          }
        });
  }

  /**
   * A broken weight broke the gradients, not the other way round, so weights are looked at first.
   */
  private String firstBroken() {
    return firstNotFinite(parameters.values())
        .map(name -> ", weight " + name + " is not finite")
        .or(
            () ->
                firstNotFinite(parameters.gradients())
                    .map(name -> ", the gradient of " + name + " is not finite"))
        .orElse("");
  }

  private Optional<String> firstNotFinite(Tensor flat) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      return parameters.names().stream()
          .filter(name -> !Double.isFinite(parameters.view(flat, name).square().sum().item()))
          .findFirst();
    }
  }

  @Override
  public void close() {
    adam.close();
    average.close();
  }
}
