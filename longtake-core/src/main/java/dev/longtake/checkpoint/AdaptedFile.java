package dev.longtake.checkpoint;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A file's weights with a low-rank adapter merged into them as they are read: {@code W + alpha /
 * rank · B A}. A factor that holds NaN or infinity is refused by name as it is read. Merged weights
 * are FLOAT32; names are those of the base. For the adapter's names see {@link AdapterFactors}.
 */
public final class AdaptedFile implements TensorView {
  private final TensorFile base;
  private final TensorFile adapter;
  private final LowRank sizes;
  private final Map<String, AdapterFactors> factors = new LinkedHashMap<>(); // by the base's key

  private AdaptedFile(TensorFile base, KeyMap keys, TensorFile adapter, LowRank sizes) {
    this.base = base;
    this.adapter = adapter;
    this.sizes = sizes;
    Map<String, String> weights = new HashMap<>();
    base.names().forEach(key -> keys.name(key).ifPresent(name -> weights.put(name, key)));
    AdapterFactors.in(adapter)
        .forEach(
            (weight, pair) -> {
              var key = Optional.ofNullable(weights.get(weight));
              factors.put(fitting(pair, key.orElseThrow(() -> noTarget(pair, weight))), pair);
            });
  }

  /**
   * Both files as one; closing it closes both.
   *
   * @param keys what the base's keys mean; an adapter speaks of the weights by these names
   * @throws CheckpointException if the adapter's rank is another, a factor stands alone, has no
   *     weight in the base or does not fit it, or the file holds anything else; both are closed
   */
  public static AdaptedFile merged(
      TensorFile base, KeyMap keys, TensorFile adapter, LowRank sizes) {
    try {
      return new AdaptedFile(base, keys, adapter, sizes);
    } catch (CheckpointException e) {
      adapter.close();
      base.close();
      throw e;
    }
  }

  /**
   * The rank of an adapter's factors, going by the first.
   *
   * @throws CheckpointException if it holds none, or anything else
   */
  public static int rank(TensorFile adapter) {
    var first = AdapterFactors.in(adapter).values().iterator().next();
    return Math.toIntExact(adapter.shape(first.a())[0]);
  }

  private CheckpointException noTarget(AdapterFactors pair, String weight) {
    return AdapterFactors.wrong(
        adapter,
        pair.a(),
        "adapts "
            + CheckpointException.quoted(weight)
            + ", which "
            + base.description()
            + " does not have; give the model that it was trained on");
  }

  /** The key again, if these factors can change its weight. */
  private String fitting(AdapterFactors pair, String key) {
    long[] a = adapter.shape(pair.a());
    long[] b = adapter.shape(pair.b());
    long[] weight = base.shape(key);
    if (a.length != 2 || b.length != 2 || a[0] != sizes.rank() || b[1] != sizes.rank()) {
      throw AdapterFactors.wrong(
          adapter,
          pair.a(),
          "and its other factor have shapes "
              + Arrays.toString(a)
              + " and "
              + Arrays.toString(b)
              + ", not of rank "
              + sizes.rank()
              + "; give the rank and alpha that the adapter was trained with");
    }
    if (!Arrays.equals(weight, new long[] {b[0], a[1]})) {
      throw AdapterFactors.wrong(
          adapter,
          pair.a(),
          "adapts a weight of shape ["
              + b[0]
              + ", "
              + a[1]
              + "], "
              + CheckpointException.quoted(key)
              + " has "
              + Arrays.toString(weight)
              + "; give the model that it was trained on");
    }
    return key;
  }

  /** How many weights are adapted. */
  public int adapted() {
    return factors.size();
  }

  @Override
  public TensorFile file() {
    return base;
  }

  @Override
  public String description() {
    return base.description() + " with " + adapter.description();
  }

  @Override
  public Dtype dtype(String name) {
    return factors.containsKey(name) ? Dtype.FLOAT32 : base.dtype(name);
  }

  @Override
  public Tensor read(String name) {
    var pair = factors.get(name);
    if (pair == null) {
      return base.read(name);
    }
    try (var scope = Scope.open()) {
      var a = finite(pair.a()); // [rank, in]
      var b = finite(pair.b()); // [out, rank]
      var weight = base.read(name).to(Dtype.FLOAT32); // [out, in]
      return scope.keep(weight.plus(b.matmul(a).times(sizes.scale())));
    }
  }

  /** A factor; once merged, a NaN of it would look like the base's. */
  private Tensor finite(String key) {
    var factor = adapter.read(key).to(Dtype.FLOAT32);
    if (!factor.allFinite()) {
      throw AdapterFactors.wrong(
          adapter,
          key,
          "holds NaN or infinity; use an adapter from before the training went astray, or download"
              + " it again");
    }
    return factor;
  }

  @Override
  public void close() {
    adapter.close();
    base.close();
  }
}
