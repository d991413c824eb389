package dev.longtake.checkpoint;

import java.util.Collection;
import java.util.Set;

/**
 * Matrices at a byte per number: each in FLOAT8_E4M3, beside FLOAT32 numbers to multiply it by. For
 * {@code x.weight} these are called {@code x.scale_weight}, and others' files have {@code
 * x.weight_scale}, or one for each row; an empty tensor {@value #MARK} marks such a file. Norms,
 * biases and other small tensors are left in their own types. Scales for activations say nothing
 * about the weights.
 */
public final class ScaledFloat8 {
  /** The tensor that marks a file as one with scales. */
  public static final String MARK = "scaled_fp8";

  /** What follows a matrix's place in the name of its scale, where it is written here. */
  static final String SCALE = ".scale_weight";

  /** The endings of scales, wherever they are written. */
  static final Set<String> SCALES = Set.of(SCALE, ".weight_scale");

  private static final Set<String> OF_ACTIVATIONS = Set.of(".scale_input", ".input_scale");

  private ScaledFloat8() {}

  /** Whether tensors of these names come with scales. */
  public static boolean isScaled(Collection<String> names) {
    return names.stream().anyMatch(name -> name.equals(MARK) || endsInOneOf(SCALES, name));
  }

  /** Whether that tensor only serves the reading of others. */
  public static boolean isAid(String name) {
    return name.equals(MARK) || endsInOneOf(SCALES, name) || endsInOneOf(OF_ACTIVATIONS, name);
  }

  private static boolean endsInOneOf(Set<String> endings, String name) {
    return endings.stream().anyMatch(name::endsWith);
  }

  /**
   * A file's tensors with its matrices scaled, so that the largest number of each is the type's
   * largest. Closing the view closes the file.
   *
   * @throws CheckpointException if its matrices are scaled already
   */
  public static TensorFile scaled(TensorFile file) {
    if (isScaled(file.names())) {
      throw new CheckpointException(
          file.description(), "is in scaled float8 already; leave the type out to keep it");
    }
    return ScaledTensors.of(file);
  }

  /**
   * A scaled file's tensors as they were meant, matrices in FLOAT32 and scales unseen. Closing the
   * view closes the file. A file without scales is given back as it is.
   *
   * @throws CheckpointException if a scale has no matrix or does not fit it; the file stays open
   */
  public static TensorFile unscaled(TensorFile file) {
    return isScaled(file.names()) ? new UnscaledTensors(file) : file;
  }
}
