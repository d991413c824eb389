package dev.longtake.checkpoint;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Matrices at a byte per number: each in FLOAT8_E4M3, beside a single FLOAT32 number to multiply it
 * by, so that its largest number is the type's largest. For {@code x.weight} that number is called
 * {@code x.scale_weight}; an empty tensor {@value #MARK} marks such a file. Norms, biases and other
 * small tensors are left in their own types.
 */
public final class ScaledFloat8 {
  /** The tensor that marks a file as one with scales. */
  public static final String MARK = "scaled_fp8";

  private static final String WEIGHT = ".weight";
  private static final String SCALE = ".scale_weight";

  /** The largest number of FLOAT8_E4M3. */
  private static final double LARGEST = 448;

  private ScaledFloat8() {}

  /** Whether tensors of these names come with scales. */
  public static boolean isScaled(Collection<String> names) {
    return names.contains(MARK) || names.stream().anyMatch(name -> name.endsWith(SCALE));
  }

  /** Whether that tensor only serves the reading of others. */
  public static boolean isAid(String name) {
    return name.equals(MARK) || name.endsWith(SCALE);
  }

  /**
   * A file's tensors with its matrices scaled. Closing the view closes the file.
   *
   * @throws CheckpointException if its matrices are scaled already
   */
  public static TensorFile scaled(TensorFile file) {
    if (isScaled(file.names())) {
      throw new CheckpointException(
          file.description(), "is in scaled float8 already; leave the type out to keep it");
    }
    Map<String, String> matrices = new LinkedHashMap<>(); // by the scale's name
    for (var name : file.names()) {
      boolean matrix = file.dtype(name).isFloat() && file.shape(name).length >= 2;
      if (matrix && name.endsWith(WEIGHT)) {
        matrices.put(name.substring(0, name.length() - WEIGHT.length()) + SCALE, name);
      }
    }
    var names = new LinkedHashSet<>(file.names());
    names.addAll(matrices.keySet());
    names.add(MARK);
    return new Scaled(
        file, Collections.unmodifiableSet(names), matrices, Set.copyOf(matrices.values()));
  }

  /**
   * A scaled file's tensors as they were meant, matrices in FLOAT32. Closing the view closes the
   * file. A file without scales is given back as it is.
   *
   * @throws CheckpointException if a scale has no matrix
   */
  public static TensorFile unscaled(TensorFile file) {
    if (!isScaled(file.names())) {
      return file;
    }
    Map<String, String> scales = new LinkedHashMap<>(); // by the matrix's name
    for (var name : file.names()) {
      if (name.endsWith(SCALE)) {
        var matrix = name.substring(0, name.length() - SCALE.length()) + WEIGHT;
        if (!file.names().contains(matrix)) {
          throw Absent.tensor(file, matrix);
        }
        scales.put(matrix, name);
      }
    }
    var tensors = file.renamed(name -> isAid(name) ? Optional.empty() : Optional.of(name));
    return new Unscaled(file, tensors.names(), scales);
  }

  /**
   * A file whose matrices are being scaled.
   *
   * @param byScale the matrix of each scale
   * @param matrices all of them
   */
  private record Scaled(
      TensorFile file, Set<String> names, Map<String, String> byScale, Set<String> matrices)
      implements TensorFile {
    @Override
    public String description() {
      return file.description();
    }

    @Override
    public Dtype dtype(String name) {
      if (name.equals(MARK) || matrices.contains(name)) {
        return Dtype.FLOAT8_E4M3;
      }
      return byScale.containsKey(name) ? Dtype.FLOAT32 : file.dtype(name);
    }

    @Override
    public long[] shape(String name) {
      if (name.equals(MARK)) {
        return new long[] {0};
      }
      return byScale.containsKey(name) ? new long[0] : file.shape(name);
    }

    @Override
    public Tensor read(String name) {
      try (var scope = Scope.open()) {
        if (name.equals(MARK)) {
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

    @Override
    public Map<String, String> metadata() {
      return file.metadata();
    }

    @Override
    public void close() {
      file.close();
    }
  }

  /** A file whose matrices are read with their scales. */
  private record Unscaled(TensorFile file, Set<String> names, Map<String, String> scales)
      implements TensorFile {
    @Override
    public String description() {
      return file.description();
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
        var number = file.read(scale).to(Dtype.FLOAT32).item();
        return scope.keep(file.read(name).to(Dtype.FLOAT32).times(number));
      }
    }

    @Override
    public Map<String, String> metadata() {
      return file.metadata();
    }

    @Override
    public void close() {
      file.close();
    }
  }
}
