package dev.longtake.checkpoint;

/** Words for a tensor that is not there. */
final class Absent {
  private Absent() {}

  static CheckpointException tensor(TensorFile file, String name) {
    return new CheckpointException(
        file.description(),
        "no tensor "
            + CheckpointException.quoted(name)
            + " among its "
            + file.names().size()
            + likeThis(file)
            + "; check that this is the right file for the model");
  }

  private static String likeThis(TensorFile file) {
    return file.names().stream()
        .findFirst()
        .map(first -> " (such as " + CheckpointException.quoted(first) + ")")
        .orElse("");
  }
}
