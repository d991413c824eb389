package dev.longtake.optim;

import dev.longtake.nn.Init;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Trained weights as views into one FLOAT32 tensor, with their gradients in another.
 *
 * <p>A model built from this {@link Weights.Source} reads the views, so an update of {@link
 * #values} is an update of the model. Owns its tensors until {@link #close}.
 */
public final class FlatParameters implements Weights.Source, AutoCloseable {
  private record Place(long start, long[] shape) {
    long count() {
      return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }
  }

  private final Map<String, Place> places = new LinkedHashMap<>();
  private final Tensor values;
  private final Tensor gradients;

  private FlatParameters(Map<String, Tensor> initial, Device device) {
    long total = 0;
    for (var entry : initial.entrySet()) {
      var place = new Place(total, entry.getValue().shape());
      places.put(entry.getKey(), place);
      total += place.count();
    }
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      values = Scope.escape(Tensor.zeros(Dtype.FLOAT32, device, total));
      gradients = Scope.escape(Tensor.zeros(Dtype.FLOAT32, device, total));
      initial.forEach((name, tensor) -> view(values, name).copyFrom(tensor));
    }
  }

  private FlatParameters(Map<String, Place> parts, Tensor values, Tensor gradients) {
    places.putAll(parts);
    this.values = values;
    this.gradients = gradients;
  }

  /** Copies weights by name, in the order given, to one place on a device. */
  public static FlatParameters copyOf(Map<String, Tensor> initial, Device device) {
    return new FlatParameters(initial, device);
  }

  /** The same weights once more, on another or the same device, with gradients of their own. */
  public FlatParameters copyOn(Device device) {
    try (var scope = Scope.open()) {
      Map<String, Tensor> views = new LinkedHashMap<>();
      places.keySet().forEach(name -> views.put(name, view(values, name)));
      return copyOf(views, device);
    }
  }

  /**
   * The weights whose names start so, under the same names: a view, whose updates are updates of
   * these. They must stand in one row.
   *
   * @throws IllegalArgumentException if there are none, or others stand between them
   */
  public FlatParameters part(String prefix) {
    Map<String, Place> parts = new LinkedHashMap<>();
    long first = 0;
    long end = 0;
    for (var entry : places.entrySet()) {
      if (entry.getKey().startsWith(prefix)) {
        var place = entry.getValue();
        first = parts.isEmpty() ? place.start() : first;
        if (!parts.isEmpty() && place.start() != end) {
          throw new IllegalArgumentException(
              "the weights " + prefix + "* do not stand in one row; draw them one after the other");
        }
        end = place.start() + place.count();
        parts.put(entry.getKey(), new Place(place.start() - first, place.shape()));
      }
    }
    if (parts.isEmpty()) {
      throw new IllegalArgumentException("no trained weight is called " + prefix + "*");
    }
    return new FlatParameters(
        parts,
        Scope.escape(values.narrow(0, first, end - first)),
        Scope.escape(gradients.narrow(0, first, end - first)));
  }

  /** All weights, [count]. */
  public Tensor values() {
    return values;
  }

  /** All gradients, [count]; backward passes add to them. */
  public Tensor gradients() {
    return gradients;
  }

  /** How many numbers are trained. */
  public long count() {
    return values.count();
  }

  /** The names of the weights, in the order they are stored. */
  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(places.keySet());
  }

  /**
   * A leaf that shares its memory with {@link #values}, and its gradient with {@link #gradients}.
   */
  @Override
  public Tensor read(String name, Init init, long... shape) {
    var place = place(name);
    if (!Arrays.equals(place.shape(), shape)) {
      throw new IllegalArgumentException(
          "weight "
              + name
              + " was drawn as "
              + Arrays.toString(place.shape())
              + ", the model needs "
              + Arrays.toString(shape)
              + "; draw and build with one configuration");
    }
    try (var off = Gradients.off()) {
      var leaf = view(values, name).detach().requireGradient(true);
      leaf.gradientInto(view(gradients, name));
      return leaf;
    }
  }

  /** The shape of one weight. */
  public long[] shape(String name) {
    return place(name).shape().clone();
  }

  /** One weight's part of a flat tensor laid out like {@link #values}, as a view in its shape. */
  public Tensor view(Tensor flat, String name) {
    var place = place(name);
    return flat.narrow(0, place.start(), place.count()).reshape(place.shape());
  }

  /**
   * Names the weight a flat index belongs to, for messages.
   *
   * @param index 0 to {@link #count} − 1
   */
  public String nameAt(long index) {
    if (index < 0 || index >= count()) {
      throw new IllegalArgumentException(
          "index " + index + " is outside the " + count() + " trained numbers");
    }
    var name = "";
    for (var entry : places.entrySet()) {
      if (entry.getValue().start() > index) {
        break;
      }
      name = entry.getKey();
    }
    return name;
  }

  /**
   * 1 where weight decay applies, 0 where not, laid out like values. Matrices and kernels are
   * decayed; weights of one axis, modulations, norms and the gains of norms are not.
   */
  public Tensor decayMask() {
    try (var scope = Scope.open()) {
      var mask = Tensor.zeros(Dtype.FLOAT32, values.device(), count());
      places.forEach(
          (name, place) -> {
            if (place.shape().length > 1
                && !name.endsWith("modulation")
                && !name.endsWith("gamma")
                && !name.contains("norm")) {
              view(mask, name).fill(1);
            }
          });
      return scope.keep(mask);
    }
  }

  private Place place(String name) {
    var place = places.get(name);
    if (place == null) {
      throw new IllegalArgumentException(
          "no trained weight is called " + name + "; draw and build with one configuration");
    }
    return place;
  }

  @Override
  public void close() {
    values.close();
    gradients.close();
  }
}
