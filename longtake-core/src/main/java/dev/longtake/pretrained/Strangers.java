package dev.longtake.pretrained;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.TensorFile;

/** Words for a file that holds something else. */
final class Strangers {
  private static final int LISTED = 3;

  private Strangers() {}

  static CheckpointException refuse(TensorFile file, String wanted) {
    return new CheckpointException(
        file.description(),
        "is not "
            + wanted
            + ": its "
            + file.names().size()
            + " tensors are called "
            + file.names().stream().limit(LISTED).map(CheckpointException::quoted).toList()
            + " and so on; choose another file");
  }
}
