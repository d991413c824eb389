package dev.longtake.text;

import dev.longtake.nn.Init;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/**
 * What attention's logits gain or lose by how far a key stands from its query (T5, section 2.1);
 * learned per layer, bucket and head.
 *
 * <p>Axes: H heads, L tokens, R buckets.
 *
 * @param table gain of each bucket
 */
public record RelativePositions(@Axes("R H") Tensor table) {

  /** A part of named weights. */
  public static RelativePositions of(Weights weights, Umt5Config config) {
    var start = Init.normal(1 / Math.sqrt(2.0 * config.buckets() * config.heads()));
    return new RelativePositions(
        weights.take("embedding.weight", start, config.buckets(), config.heads()));
  }

  /** The gain of every key for every query, in the given type. */
  public @Axes("1 H L L") Tensor bias(@Axes("L L") Tensor buckets, Dtype dtype) {
    try (var scope = Scope.open()) {
      var gains = Functional.embedding(table, buckets); // [L, L, H]
      return scope.keep(gains.permute(2, 0, 1).unsqueeze(0).to(dtype));
    }
  }

  /** INT64: the bucket of each query (first axis) and key, the same for every layer. */
  public static @Axes("L L") Tensor buckets(int tokens, Umt5Config config) {
    long[] out = new long[tokens * tokens];
    for (int query = 0; query < tokens; query++) {
      for (int key = 0; key < tokens; key++) {
        out[query * tokens + key] = bucket(key - query, config);
      }
    }
    return Tensor.of(out, tokens, tokens);
  }

  /**
   * The bucket of one offset. The upper half is for keys ahead; within a half, offsets up to half
   * of it have a bucket each, and the rest share in logarithmic steps up to the largest distance.
   *
   * @param offset key's position less query's
   */
  public static int bucket(int offset, Umt5Config config) {
    int half = config.buckets() / 2;
    int exact = half / 2;
    int base = offset > 0 ? half : 0;
    int distance = Math.abs(offset);
    if (distance < exact) {
      return base + distance;
    }
    // Single precision throughout: published weights were trained with its roundings at the steps.
    float steps =
        (float) Math.log((float) distance / exact)
            / (float) Math.log((double) config.maxDistance() / exact)
            * (half - exact);
    return base + Math.min(half - 1, exact + (int) steps);
  }
}
