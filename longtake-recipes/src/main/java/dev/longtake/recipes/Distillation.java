package dev.longtake.recipes;

import dev.longtake.distill.DistillConfig;
import dev.longtake.distill.DistillTraining;
import dev.longtake.distill.PromptChange;
import dev.longtake.tensor.Dtype;
import dev.longtake.train.Activations;

/** What the runs that distil have in common. */
sealed interface Distillation extends Run
    permits LocalDmdRun, ContextualDmdRun, StreamingTuningRun {
  /** What a run file calls the run. */
  String stage();

  /** What is distilled. */
  StudentKeys student();

  /** What it is distilled from. */
  TeacherKeys teacher();

  /** What the critic begins as. */
  CriticKeys critic();

  /** Of the arithmetic on a GPU; the processor always computes in FLOAT32. */
  Dtype dtype();

  /** How many worlds' captions are the prompts, if they are captions of the world. */
  int worlds();

  /** A file with a prompt a line, or the word for captions of the world. */
  String prompts();

  /** Length of the longest clips that prompts tell of, latent frames. */
  int captionFrames();

  /** The low-rank change of both networks that is trained, if not all their weights are. */
  AdapterKeys adapter();

  /** What is learnt. */
  DistillConfig matching();

  /** How the loop runs. */
  DistillTraining training();

  /** What becomes of those of the network that learns. */
  Activations activations();

  /**
   * Whether, on a GPU, the student's passes without gradients are recorded once and replayed as a
   * whole: the same numbers, sooner where operators take longer to call than to run, for memory.
   */
  boolean replay();

  /** What the student generates on the way. */
  TrainingRun.SampleStage samples();

  /** True videos that rollouts go on from. */
  default PastKeys past() {
    return PastKeys.NONE;
  }

  /** Whether prompts are captions of the world. */
  default boolean promptsOfWorld() {
    return prompts().equals(OdePairsRun.WORLD);
  }

  @Override
  default void carryOut(Workplace place) {
    new Distill(this, place).run();
  }

  /**
   * Checks what every run has.
   *
   * @throws IllegalArgumentException with the remedy
   */
  static void check(
      String name,
      Dtype dtype,
      int worlds,
      String prompts,
      int captionFrames,
      StudentKeys student,
      DistillConfig matching) {
    ClipSizes.check(dtype);
    if (name.isBlank() || worlds < 1) {
      throw new IllegalArgumentException(
          "need a name and worlds of at least 1, not '" + name + "' and " + worlds);
    }
    Captions.check(prompts, captionFrames, "the longest rollout", matching.lengths().to());
    matching.requireExits(student.sampling().steps());
  }

  /**
   * Refuses what belongs to streaming tuning alone.
   *
   * @param stage for messages
   * @throws IllegalArgumentException with the remedy
   */
  static void checkOnePrompt(String stage, DistillConfig matching) {
    if (matching.change() != PromptChange.NONE || matching.lead() != 0) {
      throw new IllegalArgumentException(
          stage + " has one prompt and scores the whole window: give change none and lead 0");
    }
  }
}
