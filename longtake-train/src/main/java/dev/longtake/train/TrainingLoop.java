package dev.longtake.train;

import dev.longtake.optim.AdamW;
import dev.longtake.optim.FlatParameters;
import dev.longtake.optim.GradientClip;
import dev.longtake.optim.MovingAverage;
import dev.longtake.tensor.Scope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs an objective: backward pass, clipping, update, moving average, log, checkpoint, samples.
 *
 * <p>The parameters belong to the caller; optimiser state and moving average belong to the loop.
 * What happens at a step depends on the state before it and on the step's number only, not on when
 * the loop was started.
 */
public final class TrainingLoop implements Loop {
  private final TrainingConfig config;
  private final FlatParameters parameters;
  private final AdamW adam;
  private final MovingAverage average;
  private final Carried carried;
  private SampleTimes samples = SampleTimes.NONE;
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

  @Override
  public long step() {
    return step;
  }

  /** The averaged weights, laid out like the parameters. */
  public MovingAverage average() {
    return average;
  }

  @Override
  public long averaged() {
    return parameters.count();
  }

  @Override
  public void sampling(long every, Samples maker) {
    samples = new SampleTimes(every, maker);
  }

  @Override
  public boolean resume(CheckpointStore store) {
    try (var scope = Scope.open()) {
      var state = state();
      var counts = store.read(List.of(state.part()), carried);
      counts.ifPresent(
          read -> {
            step = read.step();
            adam.restore(read.updates().getFirst(), state.first(), state.second());
          });
      return counts.isPresent();
    }
  }

  TrainingState state() {
    return new TrainingState(
        step, adam.updates(), parameters.values(), adam.first(), adam.second(), average.average());
  }

  /** Runs with one device alone, see the other method. */
  public void run(Objective objective, long until, Checkpoints checkpoints, Progress progress) {
    try (var team = Team.alone(parameters, objective)) {
      run(team, until, checkpoints, progress);
    }
  }

  @Override
  public void run(Team team, Stop stop, Checkpoints checkpoints, Progress progress) {
    boolean over = step >= config.steps() || stop.before(step);
    long started = System.nanoTime();
    long sinceStep = step;
    while (!over) {
      var taken = advance(team, stop);
      step++;
      over = taken.last();
      Map<String, Double> reached = Map.copyOf(taken.values());
      if (taken.last() || step % config.logEvery() == 0) {
        double seconds = (System.nanoTime() - started) / 1e9;
        taken.values().put("per iteration time", seconds / (step - sinceStep));
        started = System.nanoTime();
        sinceStep = step;
        progress.logged(step - 1, config.steps(), taken.values());
      }
      if (taken.last() || step % config.saveEvery() == 0) {
        try (var scope = Scope.open()) {
          checkpoints.save(state().carrying(carried.tensors()), reached);
        }
      }
      samples.after(step, parameters, average.average());
    }
  }

  /**
   * A step.
   *
   * @param last whether it is the run's last
   * @param values what is logged, empty unless it is logged or saved
   */
  private record Taken(boolean last, Map<String, Double> values) {}

  private Taken advance(Team team, Stop stop) {
    var values = new LinkedHashMap<String, Double>();
    double rate = config.rate().at(step);
    long next = step + 1;
    try (var scope = Scope.open()) {
      var loss = team.backward(config.seed(), step, config.accumulate());
      var norm = GradientClip.apply(parameters, config.clip());
      // Asked now, not before the long part of the step: what is asked for meanwhile ends it.
      boolean last = next == config.steps() || stop.before(next);
      if (last || next % config.logEvery() == 0 || next % config.saveEvery() == 0) {
        loss.parts().forEach((tag, value) -> values.put(tag, value.item()));
        values.put("loss", loss.total().item());
        values.put("grad_norm", norm.item());
        values.put("learning_rate", rate);
        Finite.require(step, values, parameters);
      }
      adam.step(parameters, rate);
      average.update(parameters, adam.updates());
      return new Taken(last, values);
    }
  }

  @Override
  public void close() {
    adam.close();
    average.close();
  }
}
