package dev.longtake.train;

import dev.longtake.optim.AdamW;
import dev.longtake.optim.FlatParameters;
import dev.longtake.optim.GradientClip;
import dev.longtake.optim.MovingAverage;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;

/**
 * Runs an objective: backward pass, clipping, update, moving average, log, checkpoint, samples.
 *
 * <p>The parameters belong to the caller; optimiser state and moving average belong to the loop.
 * What happens at a step depends on the state before it and on the step's number only, not on when
 * the loop was started.
 */
public final class TrainingLoop extends SteppedLoop {
  private final TrainingConfig config;
  private final FlatParameters parameters;
  private final AdamW adam;
  private final MovingAverage average;
  private final Carried carried;

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
    super(config);
    this.carried = carried;
    this.config = config;
    this.parameters = parameters;
    adam = new AdamW(config.adam(), parameters);
    average = new MovingAverage(config.emaDecay(), parameters);
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
  public boolean resume(CheckpointStore store) {
    try (var scope = Scope.open()) {
      var state = state();
      var counts = store.read(List.of(state.part()), carried);
      counts.ifPresent(
          read -> {
            goOnFrom(read.step());
            adam.restore(read.updates().getFirst(), state.first(), state.second());
          });
      return counts.isPresent();
    }
  }

  TrainingState state() {
    return new TrainingState(
        step(),
        adam.updates(),
        parameters.values(),
        adam.first(),
        adam.second(),
        average.average());
  }

  @Override
  protected RunState saved() {
    return state().carrying(carried.tensors());
  }

  @Override
  protected FlatParameters sampled() {
    return parameters;
  }

  @Override
  protected Tensor averages() {
    return average.average();
  }

  /** Runs with one device alone, see the other method. */
  public void run(Objective objective, long until, Checkpoints checkpoints, Progress progress) {
    try (var team = Team.alone(parameters, objective)) {
      run(team, until, checkpoints, progress);
    }
  }

  @Override
  protected Taken advance(Team team, Stop stop) {
    var values = new LinkedHashMap<String, Double>();
    double rate = config.rate().at(step());
    try (var scope = Scope.open()) {
      var loss = team.backward(config.seed(), step(), config.accumulate());
      var norm = GradientClip.apply(parameters, config.clip());
      boolean last = isLast(stop);
      if (isLookedAt(last)) {
        loss.parts().forEach((tag, value) -> values.put(tag, value.item()));
        values.put("loss", loss.total().item());
        values.put("grad_norm", norm.item());
        values.put("learning_rate", rate);
        Finite.require(step(), values, parameters);
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
