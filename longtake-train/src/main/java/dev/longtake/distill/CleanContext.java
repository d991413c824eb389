package dev.longtake.distill;

/**
 * Which chunks before the judged ones get all denoising steps; the others end where the judged ones
 * do, at the rollout's exit.
 */
public enum CleanContext {
  /** Those that begin in the context window before the judged frames (algorithm 1 of the paper). */
  WINDOW {
    @Override
    boolean holds(int frame, int judgedFrom, int window) {
      return frame < judgedFrom && frame >= judgedFrom - window;
    }
  },

  /** All of them (the released configurations): whatever memory holds is finished then. */
  ALL {
    @Override
    boolean holds(int frame, int judgedFrom, int window) {
      return frame < judgedFrom;
    }
  };

  /**
   * Whether the chunk that begins with this frame gets all steps.
   *
   * @param judgedFrom first frame that is judged
   * @param window latent frames of context before it
   */
  abstract boolean holds(int frame, int judgedFrom, int window);
}
