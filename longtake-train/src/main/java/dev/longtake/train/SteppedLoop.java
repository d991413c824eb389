package dev.longtake.train;

import dev.longtake.optim.FlatParameters;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Map;

/** What every loop does around its steps: it counts, logs, saves and has samples made. */
public abstract class SteppedLoop implements Loop {
  private final Course course;
  private SampleTimes samples = SampleTimes.NONE;
  private long step;
  private long first; // of those that a call of run takes

  /** At step 0. */
  protected SteppedLoop(Course course) {
    this.course = course;
  }

  /**
   * A step.
   *
   * @param last whether it is the run's last
   * @param values what is logged; mutable
   */
  public record Taken(boolean last, Map<String, Double> values) {}

  /** Takes the step {@link #step}, and asks {@link #isLast} once its gradient is there. */
  protected abstract Taken advance(Team team, Stop stop);

  /** Everything that the run continues from; views, owned by the caller's scope. */
  protected abstract RunState saved();

  /** The weights that samples are made with, by the layout of {@link #averages}. */
  protected abstract FlatParameters sampled();

  /** The moving average of those. */
  protected abstract Tensor averages();

  @Override
  public final long step() {
    return step;
  }

  /** Continues from a step that was read. */
  protected final void goOnFrom(long read) {
    step = read;
  }

  @Override
  public final void sampling(long every, Samples maker) {
    samples = new SampleTimes(every, maker);
  }

  /**
   * Whether the step that is being taken is the last. Asked once its gradient is there, not before
   * the long part of the step: what is asked for meanwhile ends it.
   */
  protected final boolean isLast(Stop stop) {
    return step + 1 == course.steps() || stop.before(step + 1);
  }

  /**
   * Whether the step that is being taken is logged or saved, or tells whether there is the value
   * whose best is to stay.
   */
  protected final boolean isLookedAt(boolean last) {
    return last
        || isDue(step + 1, course.logEvery())
        || isDue(step + 1, course.saveEvery())
        || step == first && !course.keepBest().isEmpty();
  }

  private static boolean isDue(long step, long every) {
    return step % every == 0;
  }

  @Override
  public final void run(Team team, Stop stop, Checkpoints checkpoints, Progress progress) {
    boolean over = step >= course.steps() || stop.before(step);
    long started = System.nanoTime();
    long sinceStep = step;
    first = step;
    while (!over) {
      var taken = advance(team, stop);
      if (step == first) {
        CheckpointStore.requireLogged(course.keepBest(), taken.values());
      }
      step++;
      over = taken.last();
      Map<String, Double> reached = Map.copyOf(taken.values());
      if (taken.last() || isDue(step, course.logEvery())) {
        double seconds = (System.nanoTime() - started) / 1e9;
        taken.values().put("per iteration time", seconds / (step - sinceStep));
        started = System.nanoTime();
        sinceStep = step;
        progress.logged(step - 1, course.steps(), taken.values());
      }
      if (taken.last() || isDue(step, course.saveEvery())) {
        try (var scope = Scope.open()) {
          checkpoints.save(saved(), reached);
        }
      }
      samples.after(step, sampled(), averages());
    }
  }
}
