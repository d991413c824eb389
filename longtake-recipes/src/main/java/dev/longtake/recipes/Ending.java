package dev.longtake.recipes;

import dev.longtake.train.Stop;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * What may end a run before all of its steps are taken.
 *
 * @param until no stage takes this step, at least 1
 * @param timeIsUp whether no stage is to take any further step; what was trained is made a model
 * @param interrupted whether to leave off at once: the step under way is finished and saved
 */
public record Ending(long until, BooleanSupplier timeIsUp, BooleanSupplier interrupted)
    implements Stop {
  /** Nothing does. */
  public static final Ending NEVER = at(Long.MAX_VALUE);

  /** Checks the step. */
  public Ending {
    if (until < 1) {
      throw new IllegalArgumentException("until must be at least 1, not " + until);
    }
  }

  /** Before a step of each stage, for trying a run out. */
  public static Ending at(long until) {
    return new Ending(until, () -> false, () -> false);
  }

  /** Also when some time from now has passed. */
  public Ending after(Duration time) {
    long begun = System.nanoTime();
    long most = time.toNanos();
    return new Ending(until, () -> System.nanoTime() - begun >= most, interrupted);
  }

  /** Also when asked to from outside. */
  public Ending orWhen(BooleanSupplier asked) {
    return new Ending(until, timeIsUp, asked);
  }

  @Override
  public boolean before(long step) {
    return step >= until || timeIsUp.getAsBoolean() || interrupted.getAsBoolean();
  }
}
