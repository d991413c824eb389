package dev.longtake.distill;

import dev.longtake.optim.FlatParameters;
import dev.longtake.optim.MovingAverage;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.Carried;
import dev.longtake.train.CheckpointStore;
import dev.longtake.train.Objective;
import dev.longtake.train.RunState;
import dev.longtake.train.SavedPart;
import dev.longtake.train.SteppedLoop;
import dev.longtake.train.Stop;
import dev.longtake.train.Team;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Alternates generator and critic: the critic learns in every step, the generator before it in
 * every few. Each has an optimiser, the generator a moving average.
 *
 * <p>The weights belong to the caller. What happens at a step depends on the state before it and on
 * the step's number only, so a run that was killed goes on to the same bits.
 */
public final class DistillLoop extends SteppedLoop {
  /** What the generator's weights are called, before a dot. */
  public static final String GENERATOR = "generator";

  /** What the critic's weights are called, before a dot. */
  public static final String CRITIC = "critic";

  /** What is told of the generator, also in the steps in which it does not learn. */
  private static final List<String> TAGS =
      List.of(
          GENERATOR + "_loss",
          GENERATOR + "_grad_norm",
          DistillObjective.GRADIENT_NORM,
          DistillObjective.EFFICIENCY);

  private final DistillTraining config;
  private final Carried carried;
  private final Learner generator;
  private final Learner critic;
  private final MovingAverage average;
  private final Tensor told; // the generator's values, as last looked at, in the order of TAGS
  private TurnWatch watch = TurnWatch.NONE;

  /**
   * At step 0.
   *
   * @param parameters all that is trained of the generator, then all of the critic
   */
  public DistillLoop(DistillTraining config, FlatParameters parameters) {
    this(config, parameters, Carried.NOTHING);
  }

  /**
   * At step 0.
   *
   * @param parameters all that is trained of the generator, then all of the critic
   * @param carried saved and restored with the rest; stays the caller's
   */
  public DistillLoop(DistillTraining config, FlatParameters parameters, Carried carried) {
    super(config);
    this.config = config;
    this.carried = carried;
    generator = new Learner(GENERATOR, config.generator(), parameters);
    critic = new Learner(CRITIC, config.critic(), parameters);
    average = new MovingAverage(config.emaDecay(), generator.parameters());
    try (var scope = Scope.open()) {
      told = Scope.escape(Tensor.zeros(Dtype.FLOAT32, Device.CPU, TAGS.size()));
    }
  }

  @Override
  public long averaged() {
    return generator.parameters().count();
  }

  /** Tells of every update from now on; of what comes before it the objective tells. */
  public void watchedBy(TurnWatch other) {
    watch = other;
  }

  /**
   * The averages of what is trained of the generator by name, as views owned by the caller's scope.
   * The names are its own, without {@link #GENERATOR}.
   */
  public Map<String, Tensor> averagedGenerator() {
    Map<String, Tensor> out = new LinkedHashMap<>();
    for (var name : generator.parameters().names()) {
      out.put(
          name.substring(GENERATOR.length() + 1),
          generator.parameters().view(average.average(), name));
    }
    return out;
  }

  @Override
  public boolean resume(CheckpointStore store) {
    try (var scope = Scope.open()) {
      var found = store.read(parts(), carried);
      found.ifPresent(
          counts -> {
            goOnFrom(counts.step());
            generator.goOn(counts.updates().getFirst());
            critic.goOn(counts.updates().getLast());
          });
      return found.isPresent();
    }
  }

  private List<SavedPart> parts() {
    Map<String, Tensor> more = new LinkedHashMap<>(); // in this order in every file
    more.put("average", average.average());
    more.put("told", told);
    return List.of(generator.saved(more), critic.saved(Map.of()));
  }

  @Override
  protected RunState saved() {
    return new RunState(step(), parts(), carried.tensors());
  }

  /** The generator's; their names are as in training. */
  @Override
  protected FlatParameters sampled() {
    return generator.parameters();
  }

  @Override
  protected Tensor averages() {
    return average.average();
  }

  /** As any; the team computes gradients by {@link DistillObjective}. */
  @Override
  protected Taken advance(Team team, Stop stop) {
    try (var scope = Scope.open()) {
      if (config.generatorLearns(step())) {
        // Always looked at: any of the steps until its next update may turn out to be the last.
        var loss = backward(team, DistillObjective.generatorTurn(step()));
        keep(generator.update(step(), loss, true));
        averageIn();
        watch.done(TurnPart.UPDATE);
      }
      var loss = backward(team, DistillObjective.criticTurn(step()));
      boolean last = isLast(stop);
      var values = latest();
      values.putAll(critic.update(step(), loss, isLookedAt(last)));
      watch.done(TurnPart.UPDATE);
      return new Taken(last, values);
    }
  }

  private void keep(Map<String, Double> values) {
    try (var scope = Scope.open()) {
      float[] now = new float[TAGS.size()];
      for (int i = 0; i < now.length; i++) {
        now[i] = values.getOrDefault(TAGS.get(i), Double.NaN).floatValue();
      }
      told.copyFrom(Tensor.of(now, now.length));
    }
  }

  private Map<String, Double> latest() {
    var values = new LinkedHashMap<String, Double>();
    float[] now = told.toFloats();
    for (int i = 0; i < now.length; i++) {
      values.put(TAGS.get(i), (double) now[i]);
    }
    return values;
  }

  private Objective.Loss backward(Team team, long turn) {
    return team.backward(config.seed(), turn, config.accumulate());
  }

  private void averageIn() {
    if (step() < config.emaFrom()) {
      average.restart(generator.parameters());
    } else {
      average.follow(generator.parameters());
    }
  }

  @Override
  public void close() {
    generator.close();
    critic.close();
    average.close();
    told.close();
  }
}
