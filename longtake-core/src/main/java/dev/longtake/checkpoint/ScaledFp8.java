package dev.longtake.checkpoint;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A file of eight-bit weights that are meant to be multiplied by numbers beside them: {@code
 * x.weight} by {@code x.scale_weight} (or {@code x.weight_scale}), one for the whole weight or one
 * for each row. Read weights are FLOAT32, multiplied; the scales themselves are not seen.
 *
 * <p>Scales for activations and the empty tensor {@code scaled_fp8}, which marks such files, say
 * nothing about the weights.
 */
public final class ScaledFp8 implements TensorFile {
  private static final String MARK = "scaled_fp8";
  private static final String WEIGHT = ".weight";
  private static final Set<String> SCALES = Set.of(".scale_weight", ".weight_scale");
  private static final Set<String> OF_ACTIVATIONS = Set.of(".scale_input", ".input_scale");

  private final TensorFile file;
  private final Map<String, String> scales; // by the weight's name
  private final Set<String> names;

  private ScaledFp8(TensorFile file) {
    this.file = file;
    scales = new LinkedHashMap<>();
    names = new LinkedHashSet<>();
    for (var name : file.names()) {
      var weight = scaled(name);
      if (weight.isPresent()) {
        requireFits(weight.get(), name);
        if (scales.put(weight.get(), name) != null) {
          throw wrong(weight.get(), name, "there is another scale for it");
        }
      } else if (!name.equals(MARK) && OF_ACTIVATIONS.stream().noneMatch(name::endsWith)) {
        names.add(name);
      }
    }
  }

  /**
   * The file as it is meant, or the file itself if nothing in it is scaled. Closing one closes the
   * other.
   *
   * @throws CheckpointException if a scale has no weight, or does not fit it; the file is closed
   */
  public static TensorFile of(TensorFile file) {
    boolean scaled =
        file.names().stream().anyMatch(name -> name.equals(MARK) || scaled(name).isPresent());
    try {
      return scaled ? new ScaledFp8(file) : file;
    } catch (CheckpointException e) {
      file.close();
      throw e;
    }
  }

  /** The weight that a scale belongs to. */
  private static Optional<String> scaled(String name) {
    return SCALES.stream()
        .filter(name::endsWith)
        .map(ending -> name.substring(0, name.length() - ending.length()) + WEIGHT)
        .findFirst();
  }

  private void requireFits(String weight, String scale) {
    if (!file.names().contains(weight)) {
      throw wrong(weight, scale, "there is no such weight");
    }
    if (file.dtype(weight).bytes() != 1 || !file.dtype(weight).isFloat()) {
      throw wrong(weight, scale, "that weight is " + file.dtype(weight) + " and not of eight bits");
    }
    long count = file.count(scale);
    long[] shape = file.shape(weight);
    if (count != 1 && (shape.length == 0 || count != shape[0])) {
      throw wrong(weight, scale, "its " + count + " numbers fit neither the weight nor its rows");
    }
  }

  private CheckpointException wrong(String weight, String scale, String problem) {
    return new CheckpointException(
        file.description(),
        CheckpointException.quoted(scale)
            + " scales "
            + CheckpointException.quoted(weight)
            + ", but "
            + problem
            + "; download it again");
  }

  @Override
  public String description() {
    return file.description();
  }

  @Override
  public Set<String> names() {
    return names;
  }

  @Override
  public Dtype dtype(String name) {
    return scales.containsKey(name) ? Dtype.FLOAT32 : file.dtype(name);
  }

  @Override
  public long[] shape(String name) {
    return file.shape(name);
  }

  @Override
  public Tensor read(String name) {
    var scale = scales.get(name);
    if (scale == null) {
      return file.read(name);
    }
    try (var scope = Scope.open()) {
      var weight = file.read(name).to(Dtype.FLOAT32);
      var factors = file.read(scale).to(Dtype.FLOAT32);
      return scope.keep(weight.times(factors.reshape(onePerRow(weight.rank(), factors.count()))));
    }
  }

  /** The shape in which so many factors are broadcast: one for each row, or for all. */
  private static long[] onePerRow(int rank, long factors) {
    long[] shape = new long[rank];
    Arrays.fill(shape, 1);
    if (rank > 0) {
      shape[0] = factors;
    }
    return shape;
  }

  @Override
  public void close() {
    file.close();
  }
}
