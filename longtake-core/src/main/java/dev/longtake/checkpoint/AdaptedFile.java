package dev.longtake.checkpoint;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * A file's weights with a low-rank adapter merged into them as they are read. Merged weights are
 * FLOAT32; names are those of the base.
 *
 * <p>The adapter's keys are those of Python's peft, {@code base_model.model.X.lora_A.weight} and
 * {@code …lora_B.weight}, with or without the adapter's name ({@code lora_A.default.weight}) and
 * training's wrappers.
 */
public final class AdaptedFile implements TensorFile {
  private static final Pattern FACTOR =
      Pattern.compile("(?:base_model\\.)?(.+)\\.lora_([AB])(?:\\.[^.]+)?\\.weight");

  private record Pair(String a, String b) {}

  private final TensorFile base;
  private final TensorFile adapter;
  private final LowRank sizes;
  private final Map<String, Pair> pairs; // by the base's key

  private AdaptedFile(TensorFile base, KeyMap keys, TensorFile adapter, LowRank sizes) {
    this.base = base;
    this.adapter = adapter;
    this.sizes = sizes;
    this.pairs = pairs(keys);
  }

  /**
   * Both files as one; closing it closes both.
   *
   * @param keys what the base's keys mean; an adapter speaks of the weights by these names
   * @throws CheckpointException if the adapter's rank is another, a factor stands alone, has no
   *     weight in the base or does not fit it, or the file holds anything else; both are closed
   */
  public static TensorFile merged(TensorFile base, KeyMap keys, TensorFile adapter, LowRank sizes) {
    try {
      return new AdaptedFile(base, keys, adapter, sizes);
    } catch (CheckpointException e) {
      adapter.close();
      base.close();
      throw e;
    }
  }

  private Map<String, Pair> pairs(KeyMap keys) {
    Map<String, String> factorA = new LinkedHashMap<>();
    Map<String, String> factorB = new LinkedHashMap<>();
    for (var key : adapter.names()) {
      var match = FACTOR.matcher(key);
      if (!match.matches()) {
        throw wrong(key, "is no factor lora_A or lora_B of an adapter; merge adapters only");
      }
      var target = KeyMap.unwrapping().name(match.group(1)).orElseThrow();
      var other = (match.group(2).equals("A") ? factorA : factorB).put(target, key);
      if (other != null) {
        throw wrong(key, "adapts the same weight as " + CheckpointException.quoted(other));
      }
    }
    requirePaired(factorA, factorB);
    requirePaired(factorB, factorA);
    Map<String, String> targets = new LinkedHashMap<>();
    base.names().forEach(key -> keys.name(key).ifPresent(name -> targets.put(name, key)));
    Map<String, Pair> found = new LinkedHashMap<>();
    factorA.forEach(
        (target, a) -> {
          var pair = new Pair(a, factorB.getOrDefault(target, a));
          var key = Optional.ofNullable(targets.get(target + ".weight"));
          found.put(key.orElseThrow(() -> noTarget(a, target)), pair);
          requireFits(pair, key.orElseThrow());
        });
    return found;
  }

  private void requirePaired(Map<String, String> factors, Map<String, String> others) {
    var alone = new TreeSet<>(factors.keySet());
    alone.removeAll(others.keySet());
    if (!alone.isEmpty()) {
      throw wrong(
          String.valueOf(factors.get(alone.first())),
          "has no other factor beside it; download it again");
    }
  }

  private CheckpointException noTarget(String key, String target) {
    return wrong(
        key,
        "adapts "
            + CheckpointException.quoted(target + ".weight")
            + ", which "
            + base.description()
            + " does not have; give the model that it was trained on");
  }

  private void requireFits(Pair pair, String key) {
    long[] a = adapter.shape(pair.a());
    long[] b = adapter.shape(pair.b());
    long[] weight = base.shape(key);
    if (a.length != 2 || b.length != 2 || weight.length != 2) {
      throw wrong(
          pair.a(),
          "and its other factor have shapes " + Arrays.toString(a) + " and " + Arrays.toString(b));
    }
    if (a[0] != sizes.rank() || b[1] != sizes.rank()) {
      throw wrong(
          pair.a(),
          "has rank "
              + a[0]
              + (a[0] == b[1] ? "" : " and " + b[1])
              + ", not "
              + sizes.rank()
              + "; give the rank and alpha that the adapter was trained with");
    }
    if (b[0] != weight[0] || a[1] != weight[1]) {
      throw wrong(
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
  }

  private CheckpointException wrong(String key, String what) {
    return new CheckpointException(
        adapter.description(), "tensor " + CheckpointException.quoted(key) + " " + what);
  }

  /** How many weights are adapted. */
  public int adapted() {
    return pairs.size();
  }

  @Override
  public String description() {
    return base.description() + " with " + adapter.description();
  }

  @Override
  public Set<String> names() {
    return base.names();
  }

  @Override
  public Dtype dtype(String name) {
    return pairs.containsKey(name) ? Dtype.FLOAT32 : base.dtype(name);
  }

  @Override
  public long[] shape(String name) {
    return base.shape(name);
  }

  @Override
  public Tensor read(String name) {
    var pair = pairs.get(name);
    if (pair == null) {
      return base.read(name);
    }
    try (var scope = Scope.open()) {
      var a = adapter.read(pair.a()).to(Dtype.FLOAT32); // [rank, in]
      var b = adapter.read(pair.b()).to(Dtype.FLOAT32); // [out, rank]
      var weight = base.read(name).to(Dtype.FLOAT32); // [out, in]
      return scope.keep(weight.plus(b.matmul(a).times(sizes.scale())));
    }
  }

  @Override
  public void close() {
    adapter.close();
    base.close();
  }
}
