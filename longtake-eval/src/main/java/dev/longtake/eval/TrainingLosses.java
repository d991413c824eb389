package dev.longtake.eval;

import java.util.List;

/**
 * What training runs did, as they logged it themselves: nothing is measured anew.
 *
 * @param method how the numbers came about
 * @param stages of all runs, in the order of the runs and of their stages
 */
public record TrainingLosses(String method, List<Stage> stages) {
  private static final String METHOD =
      "Read from the event files of the runs. Seconds are from each start of a stage to its last"
          + " entry, by the entries' own times: pauses between a stop and a resume, and work that a"
          + " resume did again, are left out; what comes before a stage's first step, such as"
          + " filming, too. Milliseconds a step are the median of what was logged. First and last"
          + " are means of the first and of the last tenth of the values, at least of three.";

  /**
   * A stage of a run.
   *
   * @param run its name
   * @param stage its name
   * @param steps that were taken
   * @param seconds that they took, without pauses
   * @param stepMilliseconds median of what was logged
   * @param resumed the last step before each time that the stage went on
   * @param losses in the order in which they are shown
   */
  public record Stage(
      String run,
      String stage,
      long steps,
      double seconds,
      double stepMilliseconds,
      List<Long> resumed,
      List<LossCurve> losses) {
    /** Copies the lists. */
    public Stage {
      resumed = List.copyOf(resumed);
      losses = List.copyOf(losses);
    }
  }

  /** Copies the list. */
  public TrainingLosses {
    stages = List.copyOf(stages);
    if (stages.isEmpty()) {
      throw new IllegalArgumentException("no stage has logged a step; give runs that have");
    }
  }

  /** Of stages that were read. */
  public static TrainingLosses of(List<Stage> stages) {
    return new TrainingLosses(METHOD, stages);
  }
}
