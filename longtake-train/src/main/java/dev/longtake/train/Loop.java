package dev.longtake.train;

/**
 * The steps of a stage, whatever is learnt in them. What happens at a step depends on the state
 * before it and on the step's number only, so a run that was killed goes on to the same bits.
 */
public interface Loop extends AutoCloseable {
  /** The next step, from 0. */
  long step();

  /** How many of the trained numbers have a moving average. */
  long averaged();

  /**
   * Continues from the newest state.
   *
   * @return whether there was one
   * @throws dev.longtake.checkpoint.CheckpointException if it is damaged, saying what to do
   * @throws TrainingException if it belongs to another stage or model, or does not say its step
   */
  boolean resume(CheckpointStore store);

  /**
   * Has samples made from now on.
   *
   * @param every steps between them, at least 1
   * @param maker gets the averaged weights
   */
  void sampling(long every, Samples maker);

  /**
   * Runs until the configured number of steps, or until told to stop. The last step is logged and
   * saved, whenever it comes.
   *
   * @param team what computes gradients, of the same parameters; the parts of the loss that are
   *     logged are its first member's
   * @param stop asked before the first step, and in every step about the next one
   * @param checkpoints where states are saved
   * @throws TrainingException if the loss or a gradient is not finite, which is looked at in every
   *     step that is logged or saved: a broken state never replaces a good checkpoint; or if the
   *     first step has no value of the tag whose best is to stay
   */
  void run(Team team, Stop stop, Checkpoints checkpoints, Progress progress);

  /** Runs until the configured number of steps or a smaller one. */
  default void run(Team team, long until, Checkpoints checkpoints, Progress progress) {
    run(team, Stop.at(until), checkpoints, progress);
  }

  @Override
  void close();
}
