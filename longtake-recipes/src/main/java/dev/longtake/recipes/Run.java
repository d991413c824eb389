package dev.longtake.recipes;

import java.nio.file.Path;

/** What a run file asks for, in full. */
public interface Run {
  /** What the run makes; the default name of its output folder. */
  String name();

  /** The run as it is tried out: with steps as costly as ever, but little to prepare. */
  default Run tried() {
    return this;
  }

  /**
   * Carries out every stage that is not finished.
   *
   * @throws IllegalArgumentException if the run cannot be carried out there
   * @throws dev.longtake.train.TrainingException if training diverges, or the folder holds another
   *     run's files
   */
  void carryOut(Workplace place);

  /** What a finished run leaves in its output folder. */
  default Path result(Path output) {
    return output.resolve(TrainModel.MODEL_FOLDER);
  }
}
