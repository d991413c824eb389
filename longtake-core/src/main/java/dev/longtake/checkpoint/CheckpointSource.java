package dev.longtake.checkpoint;

import dev.longtake.nn.Init;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Weights read from a file, in a chosen type on a chosen device. The file stays the caller's to
 * close, once the model has taken its weights.
 */
public final class CheckpointSource implements Weights.Source {
  private static final int MOST_LISTED = 5;

  private final TensorFile file;
  private final KeyMap map;
  private final Map<String, String> keys; // by our name
  private final Dtype dtype;
  private final Device device;
  private final Values values;

  private enum Values {
    ANY,
    FINITE
  }

  /**
   * Weights of a file; those in {@linkplain ScaledFloat8 scaled float8} are multiplied out.
   *
   * @param keys what we call the file's keys
   * @param dtype the type to hand out, a real one
   * @throws CheckpointException if two keys get the same name
   */
  public CheckpointSource(TensorFile file, KeyMap keys, Dtype dtype, Device device) {
    this(ScaledFloat8.unscaled(file), keys, dtype, device, Values.ANY);
  }

  private CheckpointSource(TensorFile file, KeyMap map, Dtype dtype, Device device, Values values) {
    if (!dtype.isFloat()) {
      throw new IllegalArgumentException("weights are real numbers, not " + dtype);
    }
    this.file = file;
    this.map = map;
    keys = byName(file, map);
    this.dtype = dtype;
    this.device = device;
    this.values = values;
  }

  /** The same weights, where one that holds NaN or infinity is refused by name as it is read. */
  public CheckpointSource refusingNonFinite() {
    return new CheckpointSource(file, map, dtype, device, Values.FINITE);
  }

  /** The file's keys by their name. */
  static Map<String, String> byName(TensorFile file, KeyMap map) {
    Map<String, String> byName = new LinkedHashMap<>();
    for (var key : file.names()) {
      var name = map.name(key);
      var other = name.isEmpty() ? null : byName.put(name.get(), key);
      if (other != null) {
        throw new CheckpointException(
            file.description(),
            "keys "
                + CheckpointException.quoted(other)
                + " and "
                + CheckpointException.quoted(key)
                + " both mean "
                + CheckpointException.quoted(name.orElseThrow())
                + "; open the part of the file that holds one model only");
      }
    }
    return byName;
  }

  /**
   * That weight, on the device in the type given at construction, owned by the caller's scope.
   *
   * @throws CheckpointException if it is absent, has another shape, holds whole numbers, or, where
   *     that is refused, values that are not finite
   */
  @Override
  public Tensor read(String name, Init init, long... shape) {
    var key = fitting(name, shape);
    try (var scope = Scope.open()) {
      // Device first: the file's type is rarely the wider one.
      var weight = file.read(key).to(device).to(dtype);
      if (values == Values.FINITE && !weight.allFinite()) {
        throw notFinite(key);
      }
      return scope.keep(weight);
    }
  }

  /**
   * The same names and shapes with the same complaints, but nothing is read: what it hands out has
   * the memory of one number. To find a wrong file early where weights are read late.
   */
  public Weights.Source outline() {
    return new Weights.Source() {
      @Override
      public Tensor read(String name, Init init, long... shape) {
        fitting(name, shape);
        return Weights.placeholder(dtype, shape);
      }

      @Override
      public Set<String> names() {
        return CheckpointSource.this.names();
      }
    };
  }

  /** The file's key of that weight. */
  private String fitting(String name, long... shape) {
    var key = keys.get(name);
    if (key == null) {
      throw absent(name, shape);
    }
    if (!Arrays.equals(file.shape(key), shape)) {
      throw new CheckpointException(
          file.description(),
          "tensor "
              + CheckpointException.quoted(key)
              + " has shape "
              + Arrays.toString(file.shape(key))
              + ", the model needs "
              + Arrays.toString(shape)
              + "; choose the configuration that this file was made for");
    }
    if (!file.dtype(key).isFloat()) {
      throw new CheckpointException(
          file.description(),
          "tensor "
              + CheckpointException.quoted(key)
              + " is "
              + file.dtype(key)
              + ", the model needs real numbers as "
              + dtype
              + "; quantised files are not supported, use the original");
    }
    return key;
  }

  private CheckpointException notFinite(String key) {
    return new CheckpointException(
        file.description(),
        "tensor "
            + CheckpointException.quoted(key)
            + " holds NaN or infinity as "
            + dtype
            + (dtype == Dtype.FLOAT16 ? ", which ends at 65504; load it as BFLOAT16, or" : ";")
            + " use a checkpoint from before the training went astray, or download it again");
  }

  private CheckpointException absent(String name, long... shape) {
    return new CheckpointException(
        file.description(),
        "no tensor "
            + CheckpointException.quoted(name)
            + " of shape "
            + Arrays.toString(shape)
            + (keys.isEmpty()
                ? "; the file has no tensors for this model at all"
                : " among " + keys.size() + ", such as " + samples(keys))
            + "; choose the model that this file was made for");
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(keys.keySet());
  }

  /**
   * Checks that everything in the file was taken: what a model does not know, it does not compute.
   *
   * @throws CheckpointException listing what is spare
   */
  public void requireNothingSpare(Weights weights) {
    Map<String, String> spare = new TreeMap<>(keys);
    spare.keySet().removeAll(weights.taken().keySet());
    if (!spare.isEmpty()) {
      throw new CheckpointException(
          file.description(),
          "the model took "
              + (keys.size() - spare.size())
              + " of "
              + keys.size()
              + " tensors and does not know "
              + samples(spare)
              + "; choose the model that this file was made for");
    }
  }

  private static String samples(Map<String, String> keys) {
    var listed =
        keys.values().stream().limit(MOST_LISTED).map(CheckpointException::quoted).toList();
    int more = keys.size() - listed.size();
    return String.join(", ", listed) + (more > 0 ? " and " + more + " more" : "");
  }
}
