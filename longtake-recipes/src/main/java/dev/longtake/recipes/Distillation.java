package dev.longtake.recipes;

import dev.longtake.distill.DistillConfig;
import dev.longtake.distill.DistillTraining;
import dev.longtake.tensor.Dtype;
import dev.longtake.train.Activations;

/**
 * What the runs that distil have in common.
 *
 * @param stage what a run file calls the run
 * @param run as the file has it, for the manifest
 * @param name of the student
 * @param student what is distilled
 * @param teacher what it is distilled from
 * @param dtype of the arithmetic on a GPU; the processor always computes in FLOAT32
 * @param worlds how many worlds' captions are the prompts
 * @param config what is learnt
 * @param training how the loop runs
 * @param activations what becomes of those of the network that learns
 * @param samples what the student generates on the way
 */
record Distillation(
    String stage,
    Run run,
    String name,
    StudentKeys student,
    TeacherKeys teacher,
    Dtype dtype,
    int worlds,
    DistillConfig config,
    DistillTraining training,
    Activations activations,
    TrainingRun.SampleStage samples) {

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
