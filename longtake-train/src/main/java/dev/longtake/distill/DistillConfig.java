package dev.longtake.distill;

import dev.longtake.optim.OrElse;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.train.ContextTimestep;

/**
 * What generator and critic learn; everything but the networks.
 *
 * @param prompts videos rolled out together, at least 1
 * @param lengths of rollouts that are no rehearsals
 * @param cleanContext which chunks before the judged ones get all steps
 * @param contextNoise σ of noise on what the student's clean passes are given, 0 to below 1
 * @param change whether the prompt changes on the way
 * @param window latent frames that are judged, the last of a rollout; 21 is 5 seconds
 * @param lead how many of them, from the start, are older than the gradients
 * @param teacher what kind of model teacher and critic are
 * @param context what the teacher is shown from before the window
 * @param criticContext the same for the critic
 * @param contextFrames latent frames before the window: what {@link ContextKind#CONTIGUOUS} shows,
 *     and what {@link CleanContext#WINDOW} finishes
 * @param contextTimestep what they are told of it
 * @param guidance the teacher's: {@code u + guidance·(c − u)}; 1 is none; rehearsals have their own
 * @param time at which timesteps they judge
 * @param criticWeight how the critic's loss counts timesteps
 * @param exitGradient how exit passes are differentiated
 * @param earliestExit first of the student's passes that judged chunks may end with: 0, the
 *     default, is any of them
 * @param rehearsal rollouts of the judged window alone; none if left out
 */
public record DistillConfig(
    int prompts,
    RolloutLengths lengths,
    CleanContext cleanContext,
    double contextNoise,
    PromptChange change,
    int window,
    int lead,
    Sight teacher,
    ContextKind context,
    ContextKind criticContext,
    int contextFrames,
    ContextTimestep contextTimestep,
    double guidance,
    TimeWarp time,
    CriticWeight criticWeight,
    ExitGradient exitGradient,
    @OrElse("0") int earliestExit,
    @OrElse("{share: 0, guidance: 1}") Rehearsal rehearsal) {

  /** Checks that the parts fit one another. */
  public DistillConfig {
    if (prompts < 1 || !(guidance >= 1)) {
      throw new IllegalArgumentException(
          "prompts and guidance must be at least 1, not " + prompts + " and " + guidance);
    }
    if (!(contextNoise >= 0 && contextNoise < 1)) {
      throw new IllegalArgumentException(
          "context_noise must be in [0, 1), not " + contextNoise + "; generation has 0");
    }
    if (earliestExit < 0) {
      throw new IllegalArgumentException(
          "earliest_exit must be at least 0, for any pass of the student's, not " + earliestExit);
    }
    if (rehearsal.share() > 0 && lengths.to() <= window) {
      throw new IllegalArgumentException(
          "rollouts are rehearsals all of them where none is longer than the judged "
              + window
              + " latent frames; give rehearsal.share 0, or longer lengths");
    }
    var shown = new Framing(teacher, context, contextFrames, window, lead);
    if (lengths.from() < window) {
      throw new IllegalArgumentException(
          "rollouts of " + lengths.from() + " latent frames are shorter than the judged " + window);
    }
    if (criticContext != context && criticContext != ContextKind.NONE) {
      throw new IllegalArgumentException(
          "critic_context is none or the teacher's "
              + context
              + ", not "
              + criticContext
              + "; scores of different contexts do not compare");
    }
    if (context == ContextKind.CONTIGUOUS && contextFrames < ModelConfig.CHUNK) {
      throw new IllegalArgumentException(
          "contiguous context needs context_frames of at least 3, not " + contextFrames);
    }
    if (teacher == Sight.CAUSAL_WITH_MEMORY && contextTimestep == ContextTimestep.SHARED) {
      throw new IllegalArgumentException(
          "a causal teacher was trained with context at timestep 0; give context_timestep zero");
    }
    if (teacher == Sight.BIDIRECTIONAL
        && context == ContextKind.NONE
        && lengths.to() > window
        && lead == 0) {
      throw new IllegalArgumentException(
          "a window inside of a video begins with a frame that is encoded anew for a bidirectional"
              + " teacher and has no gradient; give a lead of 3");
    }
    if (change != PromptChange.NONE && lengths.every() % shown.scored() != 0) {
      throw new IllegalArgumentException(
          "where prompts change, windows must be of one prompt: give lengths whose every is a"
              + " multiple of the "
              + shown.scored()
              + " new frames of a window, not "
              + lengths.every());
    }
  }

  /**
   * Refuses rollouts that would have to end after the student's last pass.
   *
   * @param passes of the student's sampler
   * @throws IllegalArgumentException with the remedy
   */
  public void requireExits(int passes) {
    if (earliestExit >= passes) {
      throw new IllegalArgumentException(
          "earliest_exit counts the student's "
              + passes
              + " passes from 0; give at most "
              + (passes - 1)
              + ", not "
              + earliestExit);
    }
  }

  /** The teacher's guidance about a rollout. */
  double guidance(RolloutDraw draw) {
    return draw.rehearsed() ? rehearsal.guidance() : guidance;
  }

  /** What the teacher is shown. */
  public Framing teacherFraming() {
    return new Framing(teacher, context, contextFrames, window, lead);
  }

  /** What the critic is shown. */
  public Framing criticFraming() {
    return new Framing(teacher, criticContext, contextFrames, window, lead);
  }
}
