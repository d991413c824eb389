package dev.longtake.nn;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Hands out named weights, and owns those it handed out: they live until {@link #close}.
 *
 * <p>A prefix view made by {@link #at} shares its parent's record.
 */
public final class Weights implements AutoCloseable {

  /** Where weights come from. */
  public interface Source {
    /**
     * The tensor of that name.
     *
     * @param init how it starts where there is nothing to read
     * @throws RuntimeException naming file, tensor and both shapes, if it is absent or does not fit
     */
    Tensor read(String name, Init init, long... shape);

    /** Every name there is to read; empty where weights are drawn. */
    Set<String> names();
  }

  private final Source source;
  private final String prefix;
  private final Map<String, Tensor> taken;
  private final List<Tensor> beside;

  private Weights(Source source, String prefix, Map<String, Tensor> taken, List<Tensor> beside) {
    this.source = source;
    this.prefix = prefix;
    this.taken = taken;
    this.beside = beside;
  }

  /** Weights from a source. */
  public static Weights from(Source source) {
    return new Weights(source, "", new LinkedHashMap<>(), new ArrayList<>());
  }

  /** Fresh weights, drawn in the order they are asked for, on the generator's device. */
  public static Weights random(Rng rng, Dtype dtype) {
    return from(
        new Source() {
          @Override
          public Tensor read(String name, Init init, long... shape) {
            return init.draw(rng, shape).to(dtype);
          }

          @Override
          public Set<String> names() {
            return Set.of();
          }
        });
  }

  /**
   * Names and shapes without memory, whatever the size: every weight is one number, seen all over
   * its shape. To count what a network needs before any of it is read.
   */
  public static Weights outline() {
    return from(
        new Source() {
          @Override
          public Tensor read(String name, Init init, long... shape) {
            return placeholder(Dtype.FLOAT32, shape);
          }

          @Override
          public Set<String> names() {
            return Set.of();
          }
        });
  }

  /** A tensor of that shape in the memory of one number, owned by the caller's scope; read only. */
  public static Tensor placeholder(Dtype dtype, long... shape) {
    try (var scope = Scope.open()) {
      return scope.keep(Tensor.zeros(dtype, Device.CPU).expand(shape));
    }
  }

  /** A view whose names start with {@code child} and a dot. */
  public Weights at(String child) {
    return new Weights(source, prefix + child + ".", taken, beside);
  }

  /**
   * The weight of that name.
   *
   * @throws IllegalStateException if it was taken before
   */
  public Tensor take(String name, Init init, long... shape) {
    var full = prefix + name;
    if (taken.containsKey(full)) {
      throw new IllegalStateException("weight " + full + " was taken twice");
    }
    try (var scope = Scope.open()) {
      var tensor = Scope.escape(source.read(full, init, shape));
      taken.put(full, tensor);
      return tensor;
    }
  }

  /**
   * Puts another form of a weight in its place, such as the same numbers in fewer bits, and frees
   * the one that was handed out.
   *
   * @param form owned by this from now on
   */
  Tensor replace(String name, Tensor form) {
    var kept = Scope.escape(form);
    var before = taken.replace(prefix + name, kept);
    if (before == null) {
      throw new IllegalStateException("weight " + prefix + name + " was not taken");
    }
    before.close();
    return kept;
  }

  /** Keeps a tensor that goes with the weights and is none, until {@link #close}. */
  Tensor keepBeside(Tensor tensor) {
    beside.add(Scope.escape(tensor));
    return tensor;
  }

  /** Everything handed out so far by name, in that order, whatever the view. */
  public Map<String, Tensor> taken() {
    return Collections.unmodifiableMap(taken);
  }

  /** Names the source has that nobody took. */
  public Set<String> spare() {
    var spare = new TreeSet<>(source.names());
    spare.removeAll(taken.keySet());
    return spare;
  }

  /** The shape of everything handed out so far by name, in that order. */
  public Map<String, List<Long>> shapes() {
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    taken.forEach(
        (name, weight) -> shapes.put(name, Arrays.stream(weight.shape()).boxed().toList()));
    return shapes;
  }

  /** The number of elements handed out. */
  public long parameters() {
    return taken.values().stream().mapToLong(Tensor::count).sum();
  }

  @Override
  public void close() {
    taken.values().forEach(Tensor::close);
    taken.clear();
    beside.forEach(Tensor::close);
    beside.clear();
  }
}
