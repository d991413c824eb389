package dev.longtake.train;

import dev.longtake.checkpoint.AdapterFolder;
import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.LowRank;
import dev.longtake.nn.Init;
import dev.longtake.nn.Weights;
import dev.longtake.optim.FlatParameters;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A frozen network's weights with a trained low-rank change: {@code W = W₀ + alpha / rank · B A}.
 *
 * <p>A network built from this source knows nothing of it. Where there are factors it reads a
 * FLOAT32 sum, which {@link #merge} brings up to date, and whose gradient G becomes the factors' by
 * the chain rule: {@code ∂A = scale · Bᵀ G} and {@code ∂B = scale · G Aᵀ}. So the network trained
 * is the merged network; {@link Weights#taken} is what it would be without the adapter's form.
 *
 * <pre>{@code
 * var factors = config.draw(outline.taken(), seed, device);
 * var source = new LowRankWeights(base, factors, config.sizes());
 * var model = WanTransformer.of(Weights.from(source), sizes);
 * source.requireAllUsed();
 * loop.run(source.adapting(objective), ...); // a loop over the factors
 * }</pre>
 */
public final class LowRankWeights implements Weights.Source, AutoCloseable {
  /** One weight: what it was, what it is now, and its factors, which are views. */
  private record Adapted(Tensor base, Tensor now, String a, String b) implements AutoCloseable {
    @Override
    public void close() {
      base.close();
      now.close();
    }
  }

  private final Weights.Source base;
  private final FlatParameters factors;
  private final LowRank sizes;
  private final String prefix;
  private final Map<String, Adapted> adapted = new LinkedHashMap<>();

  /**
   * Nothing is read yet.
   *
   * @param base the frozen weights, on the factors' device
   * @param factors by {@link AdapterFolder#keyOfA} and {@link AdapterFolder#keyOfB}; stay the
   *     caller's
   */
  public LowRankWeights(Weights.Source base, FlatParameters factors, LowRank sizes) {
    this(base, factors, sizes, "");
  }

  /**
   * Nothing is read yet.
   *
   * @param base the frozen weights, on the factors' device
   * @param factors of several networks; stay the caller's
   * @param prefix what the names of this network's begin with, before {@link AdapterFolder#keyOfA}
   *     and {@link AdapterFolder#keyOfB}
   */
  public LowRankWeights(Weights.Source base, FlatParameters factors, LowRank sizes, String prefix) {
    this.base = base;
    this.factors = factors;
    this.sizes = sizes;
    this.prefix = prefix;
  }

  /** The factors in a folder, to be trained on or merged; the caller closes them. */
  public static FlatParameters factors(AdapterFolder folder, Device device) {
    try (var scope = Scope.open()) {
      Map<String, Tensor> read = new LinkedHashMap<>();
      folder.factors().names().forEach(name -> read.put(name, folder.factors().read(name)));
      return FlatParameters.copyOf(read, device);
    }
  }

  /**
   * The base's weight, or the sum where there are factors.
   *
   * @throws CheckpointException if a factor is missing or does not fit the weight
   */
  @Override
  public Tensor read(String name, Init init, long... shape) {
    var a = prefix + AdapterFolder.keyOfA(name);
    var b = prefix + AdapterFolder.keyOfB(name);
    if (!factors.names().contains(a) && !factors.names().contains(b)) {
      return base.read(name, init, shape);
    }
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      requireFit(a, sizes.rank(), shape.length == 2 ? shape[1] : -1);
      requireFit(b, shape[0], sizes.rank());
      var frozen = Scope.escape(base.read(name, init, shape));
      var now = frozen.to(Dtype.FLOAT32).copy().requireGradient(true);
      now.gradientInto(Tensor.zeros(Dtype.FLOAT32, now.device(), shape));
      var weight = new Adapted(frozen, Scope.escape(now), a, b);
      adapted.put(name, weight);
      merge(weight);
      return scope.keep(now.alias());
    }
  }

  private void requireFit(String factor, long rows, long columns) {
    if (!factors.names().contains(factor)) {
      throw new CheckpointException(
          "adapter", "factor " + factor + " is missing; give an adapter that has both");
    }
    long[] shape = factors.shape(factor);
    if (!Arrays.equals(shape, new long[] {rows, columns})) {
      throw new CheckpointException(
          "adapter",
          "factor "
              + factor
              + " is "
              + Arrays.toString(shape)
              + ", this network and rank need ["
              + rows
              + ", "
              + columns
              + "]; give the model and rank that it was trained with");
    }
  }

  @Override
  public Set<String> names() {
    return base.names();
  }

  /**
   * Checks that a network took every weight that there are factors for.
   *
   * @throws CheckpointException naming a factor whose weight it did not take
   */
  public void requireAllUsed() {
    var left = new TreeSet<>(factors.names());
    left.removeIf(name -> !name.startsWith(prefix));
    adapted.values().forEach(weight -> left.remove(weight.a()));
    adapted.values().forEach(weight -> left.remove(weight.b()));
    if (!left.isEmpty()) {
      throw new CheckpointException(
          "adapter",
          "factor "
              + left.first()
              + " changes no weight of this network; give the model that it was trained on");
    }
  }

  /** Brings the weights up to date with the factors. */
  public void merge() {
    adapted.values().forEach(this::merge);
  }

  private void merge(Adapted weight) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var change = factor(weight.b()).matmul(factor(weight.a())).times(sizes.scale());
      weight.now().copyFrom(weight.base().to(Dtype.FLOAT32).plus(change));
    }
  }

  /** An objective over this network's weights as one over the factors. */
  public Objective adapting(Objective objective) {
    return (step, rng) -> {
      merge();
      var loss = objective.at(step, rng);
      return new Objective.Loss(
          loss.total(),
          loss.parts(),
          () -> {
            loss.backward().run();
            collect();
          });
    };
  }

  /** Adds the weights' gradients to the factors', and sets the former to 0. */
  private void collect() {
    for (var weight : adapted.values()) {
      try (var scope = Scope.open();
          var off = Gradients.off()) {
        var gradient = weight.now().gradient();
        var byA = factor(weight.b()).transpose(0, 1).matmul(gradient);
        var byB = gradient.matmul(factor(weight.a()).transpose(0, 1));
        factors.view(factors.gradients(), weight.a()).plusInPlace(byA, sizes.scale());
        factors.view(factors.gradients(), weight.b()).plusInPlace(byB, sizes.scale());
        gradient.fill(0);
      }
    }
  }

  private Tensor factor(String name) {
    return factors.view(factors.values(), name);
  }

  /** How many weights are adapted. */
  public int adapted() {
    return adapted.size();
  }

  /** Frees the base's adapted weights; what the network took belongs to its {@link Weights}. */
  @Override
  public void close() {
    adapted.values().forEach(Adapted::close);
    adapted.clear();
  }
}
