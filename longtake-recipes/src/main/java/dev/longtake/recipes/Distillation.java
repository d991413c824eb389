package dev.longtake.recipes;

import dev.longtake.distill.DistillConfig;
import dev.longtake.distill.DistillTraining;
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

  /** Of the arithmetic on a GPU; the processor always computes in FLOAT32. */
  Dtype dtype();

  /** How many worlds' captions are the prompts, if they are captions of the world. */
  int worlds();

  /** A file with a prompt a line, or the word for captions of the world. */
  String prompts();

  /** Length of the longest clips that prompts tell of, latent frames. */
  int captionFrames();

  /** What is learnt. */
  DistillConfig matching();

  /** How the loop runs. */
  DistillTraining training();

  /** What becomes of those of the network that learns. */
  Activations activations();

  /** What the student generates on the way. */
  TrainingRun.SampleStage samples();

  /** Whether prompts are captions of the world. */
  default boolean promptsOfWorld() {
    return prompts().equals(OdePairsRun.WORLD);
  }

  @Override
  default void carryOut(Workplace place) {
    new Distill(this, place).run();
  }

  /**
   * Checks that what is said of captions is heeded.
   *
   * @param longest rollout, latent frames
   * @throws IllegalArgumentException with the remedy
   */
  static void check(String prompts, int captionFrames, int longest) {
    Captions.check(prompts, captionFrames, "the longest rollout", longest);
  }

  /**
   * Checks what every run has.
   *
   * @throws IllegalArgumentException with the remedy
   */
  static void check(String name, Dtype dtype, int worlds) {
    if (!dtype.isFloat()) {
      throw new IllegalArgumentException("dtype must be a real one such as bfloat16, not " + dtype);
    }
    if (name.isBlank() || worlds < 1) {
      throw new IllegalArgumentException(
          "need a name and worlds of at least 1, not '" + name + "' and " + worlds);
    }
  }
}
