package dev.longtake.checkpoint;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * A file whose matrices are being scaled.
 *
 * @param byScale the matrix of each scale
 * @param matrices all of them
 */
record ScaledTensors(
    TensorFile file, Set<String> names, Map<String, String> byScale, Set<String> matrices)
    implements TensorView {
  /** The largest number of FLOAT8_E4M3. */
  private static final double LARGEST = 448;

  private static final String WEIGHT = ".weight";

  static ScaledTensors of(TensorFile file) {
    Map<String, String> matrices = new LinkedHashMap<>(); // by the scale's name
    for (var name : file.names()) {
      boolean matrix = file.dtype(name).isFloat() && file.shape(name).length >= 2;
      if (matrix && name.endsWith(WEIGHT)) {
        var place = name.substring(0, name.length() - WEIGHT.length());
        matrices.put(place + ScaledFloat8.SCALE, name);
      }
    }
    var names = new LinkedHashSet<>(file.names());
    names.addAll(matrices.keySet());
    names.add(ScaledFloat8.MARK);
    return new ScaledTensors(
        file, Collections.unmodifiableSet(names), matrices, Set.copyOf(matrices.values()));
  }

  @Override
  public Dtype dtype(String name) {
    if (name.equals(ScaledFloat8.MARK) || matrices.contains(name)) {
      return Dtype.FLOAT8_E4M3;
    }
    return byScale.containsKey(name) ? Dtype.FLOAT32 : file.dtype(name);
  }

  @Override
  public long[] shape(String name) {
    if (name.equals(ScaledFloat8.MARK)) {
      return new long[] {0};
    }
    return byScale.containsKey(name) ? new long[0] : file.shape(name);
  }

  @Override
  public Tensor read(String name) {
    try (var scope = Scope.open()) {
      if (name.equals(ScaledFloat8.MARK)) {
        return scope.keep(Tensor.ofBytes(new byte[0], Dtype.FLOAT8_E4M3, 0));
      }
      var matrix = byScale.get(name);
      if (matrix != null) {
        return scope.keep(scale(file.read(matrix).to(Dtype.FLOAT32)));
      }
      if (!matrices.contains(name)) {
        return scope.keep(file.read(name));
      }
      var numbers = file.read(name).to(Dtype.FLOAT32);
      return scope.keep(
          numbers.dividedBy(scale(numbers)).clamp(-LARGEST, LARGEST).to(Dtype.FLOAT8_E4M3));
    }
  }

  private Tensor scale(Tensor numbers) {
    double largest = numbers.count() == 0 ? 0 : numbers.abs().max().item();
    if (!Double.isFinite(largest)) {
      throw new CheckpointException(
          file.description(), "holds numbers that are not finite, which cannot be scaled");
    }
    return Tensor.full(largest == 0 ? 1 : largest / LARGEST, Dtype.FLOAT32, numbers.device());
  }
}
