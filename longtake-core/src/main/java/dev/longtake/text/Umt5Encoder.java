package dev.longtake.text;

import dev.longtake.nn.Init;
import dev.longtake.nn.RmsNorm;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Repeats;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * UMT5's encoder (Chung et al., 2023): a T5 encoder with gated feed-forward layers and relative
 * positions of its own in every layer.
 *
 * <p>Axes: B batch, L tokens, D model width, V vocabulary. Activations have the type that is asked
 * for; weights of another type are converted as they are used. Fresh weights start as T5's do.
 *
 * @param config the sizes it was made with
 * @param tokens a first state for each token id
 * @param blocks the layers, first to last
 * @param norm after the last layer
 */
public record Umt5Encoder(
    Umt5Config config, @Axes("V D") Tensor tokens, List<Umt5Block> blocks, RmsNorm norm) {
  static final double EPS = 1e-6;

  /** An encoder of weights under their published names. */
  public static Umt5Encoder of(Weights weights, Umt5Config config) {
    var tokens =
        weights.at("token_embedding").take("weight", Init.normal(1), config.vocab(), config.dim());
    var blocks =
        IntStream.range(0, config.layers())
            .mapToObj(i -> Umt5Block.of(weights.at("blocks." + i), config))
            .toList();
    var norm = RmsNorm.of(weights.at("norm"), config.dim(), EPS);
    return new Umt5Encoder(config, tokens, blocks, norm);
  }

  /**
   * What the video transformer reads: the states of each prompt's tokens, and zeros after its end.
   * Tokens are brought to the weights' device first.
   *
   * @param dtype type of activations and result
   */
  public @Axes("B L D") Tensor encode(TokenIds prompts, Dtype dtype) {
    try (var scope = Scope.open()) {
      var here = prompts.to(tokens.device());
      return scope.keep(here.clearPadding(forward(here.ids(), here.mask(), dtype)));
    }
  }

  /**
   * The same of each prompt by itself, [1, L, D], owned by the caller's scope.
   *
   * @param repeats runs the encoder
   */
  public List<Tensor> encodeEach(TokenIds prompts, Dtype dtype, Repeats repeats) {
    try (var scope = Scope.open()) {
      var here = prompts.to(tokens.device());
      var buckets = buckets(here.ids());
      return IntStream.range(0, Math.toIntExact(here.ids().size(0)))
          .mapToObj(
              i ->
                  repeats.run(
                      new Reading(this, dtype),
                      List.of(here.ids().narrow(0, i, 1), here.mask().narrow(0, i, 1), buckets),
                      given -> read(new TokenIds(given.get(0), given.get(1)), given.get(2), dtype)))
          .map(scope::keep)
          .toList();
    }
  }

  /** What is replayed. */
  private record Reading(Umt5Encoder by, Dtype dtype) {}

  private Tensor read(TokenIds prompts, Tensor buckets, Dtype dtype) {
    try (var scope = Scope.open()) {
      var states = forward(prompts.ids(), prompts.mask(), buckets, dtype);
      return scope.keep(prompts.clearPadding(states));
    }
  }

  private Tensor buckets(@Axes("B L") Tensor ids) {
    int length = Math.toIntExact(ids.size(1));
    return RelativePositions.buckets(length, config).to(ids.device());
  }

  /** {@link #forward(Tensor, Tensor, Dtype)} in the weights' own type. */
  public @Axes("B L D") Tensor forward(@Axes("B L") Tensor ids, @Axes("B L") Tensor mask) {
    return forward(ids, mask, tokens.dtype());
  }

  /**
   * States for every position. Those of padding mean nothing: {@link TokenIds#clearPadding} removes
   * them.
   *
   * @param ids INT64, each below the vocabulary's size, on the weights' device
   * @param mask INT64 or BOOL, 1 where a token of the prompt stands
   * @param dtype type of activations and result, real
   * @throws IllegalArgumentException if the shapes differ or are not of two axes
   */
  public @Axes("B L D") Tensor forward(
      @Axes("B L") Tensor ids, @Axes("B L") Tensor mask, Dtype dtype) {
    if (ids.rank() != 2 || !Arrays.equals(ids.shape(), mask.shape())) {
      throw new IllegalArgumentException(
          "ids and mask must both be [batch, tokens], not " + ids + " and " + mask);
    }
    try (var scope = Scope.open()) {
      return scope.keep(forward(ids, mask, buckets(ids), dtype));
    }
  }

  private Tensor forward(Tensor ids, Tensor mask, @Axes("L L") Tensor buckets, Dtype dtype) {
    try (var scope = Scope.open()) {
      var seen = mask.to(Dtype.BOOL).reshape(-1, 1, 1, ids.size(1));

      var x = Functional.embedding(tokens, ids).to(dtype);
      for (var block : blocks) {
        x = block.forward(x, buckets, seen);
      }
      return scope.keep(norm.forward(x));
    }
  }
}
