package dev.longtake.checkpoint;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A file of scaled eight-bit weights, read as they are meant. */
final class UnscaledTensors implements TensorView {
  private static final String WEIGHT = ".weight";

  private final TensorFile file;
  private final Map<String, String> scales; // by the weight's name
  private final Set<String> names;

  UnscaledTensors(TensorFile file) {
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
      } else if (!ScaledFloat8.isAid(name)) {
        names.add(name);
      }
    }
  }

  /** The weight that a scale belongs to. */
  private static Optional<String> scaled(String name) {
    return ScaledFloat8.SCALES.stream()
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
  public TensorFile file() {
    return file;
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(names);
  }

  @Override
  public Dtype dtype(String name) {
    return scales.containsKey(name) ? Dtype.FLOAT32 : file.dtype(name);
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
}
