package dev.longtake.train;

import dev.longtake.optim.AdamW;
import dev.longtake.optim.FlatParameters;
import dev.longtake.optim.GradientClip;
import dev.longtake.optim.MovingAverage;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Runs an objective: backward pass, clipping, update, moving average, log, checkpoint.
 *
 * <p>The parameters belong to the caller; optimiser state and moving average belong to the loop.
 */
public final class TrainingLoop implements AutoCloseable {
  private final TrainingConfig config;
  private final FlatParameters parameters;
  private final AdamW adam;
  private final MovingAverage average;
  private long step;

  /** At step 0. */
  public TrainingLoop(TrainingConfig config, FlatParameters parameters) {
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
        step, adam.updates(), parameters.values(), adam.first(), adam.second(), average.average());
  }

  void restore(TrainingState state) {
    step = state.step();
    parameters.values().copyFrom(state.values());
    adam.restore(state.updates(), state.first(), state.second());
    average.average().copyFrom(state.average());
  }

  /**
   * Runs until the configured number of steps, or until told to stop.
   *
   * @param until stop before this step; the configured end if larger
   * @param checkpoints where states are saved
   * @throws TrainingException if the loss or a gradient is not finite
   */
  public void run(Objective objective, long until, Checkpoints checkpoints, Progress progress) {
    long end = Math.min(until, config.steps());
    long started = System.nanoTime();
    long sinceStep = step;
    while (step < end) {
      boolean log = (step + 1) % config.logEvery() == 0 || step + 1 == end;
      var values = advance(objective, log);
      step++;
      if (log) {
        double seconds = (System.nanoTime() - started) / 1e9;
        values.put("per iteration time", seconds / (step - sinceStep));
        started = System.nanoTime();
        sinceStep = step;
        progress.logged(step - 1, config.steps(), values);
      }
      if (step % config.saveEvery() == 0 || step == end) {
        checkpoints.save(state());
      }
    }
  }

  private Map<String, Double> advance(Objective objective, boolean log) {
    var values = new LinkedHashMap<String, Double>();
    double rate = config.rate().at(step);
    try (var scope = Scope.open();
        var rng = Rng.seeded(parameters.values().device(), config.seed(), step)) {
      parameters.gradients().fill(0);
      var loss = objective.at(step, rng);
      loss.total().backward();
      var norm = GradientClip.apply(parameters, config.clip());
      if (log) {
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
                "step " + step + ": " + tag + " is " + value + firstBrokenGradient()
                    + "; lower the learning rate or resume from the last checkpoint");
          }
        });
  }

  private String firstBrokenGradient() {
    for (var name : parameters.names()) {
      try (var scope = Scope.open()) {
        double sum = parameters.view(parameters.gradients(), name).square().sum().item();
        if (!Double.isFinite(sum)) {
          return ", the gradient of " + name + " is not finite";
        }
      }
    }
    return "";
  }

  @Override
  public void close() {
    adam.close();
    average.close();
  }
}
