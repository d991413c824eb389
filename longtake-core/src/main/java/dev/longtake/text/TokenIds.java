package dev.longtake.text;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Arrays;

/**
 * Prompts as numbers, all of one length.
 *
 * <p>Axes: B prompts, L tokens, D width of the states.
 *
 * @param ids INT64; after a prompt's end, {@link #PADDING}
 * @param mask INT64, 1 for each token of the prompt including its end, 0 after it
 */
public record TokenIds(@Axes("B L") Tensor ids, @Axes("B L") Tensor mask) {
  /** The id that fills up short prompts. */
  public static final long PADDING = 0;

  /** The id that ends every prompt. */
  public static final long END = 1;

  public TokenIds {
    if (ids.rank() != 2 || !Arrays.equals(ids.shape(), mask.shape())) {
      throw new IllegalArgumentException(
          "ids and mask must both be [prompts, tokens], not " + ids + " and " + mask);
    }
  }

  /** The same prompts on another device, owned by the current scope. */
  public TokenIds to(Device device) {
    return new TokenIds(ids.to(device), mask.to(device));
  }

  /**
   * States with zeros in every row after a prompt's end. The video transformer takes text of fixed
   * length whose rest is zero, so whatever the encoder computed there must go.
   */
  public @Axes("B L D") Tensor clearPadding(@Axes("B L D") Tensor states) {
    try (var scope = Scope.open()) {
      var none = Tensor.zeros(states.dtype(), states.device());
      return scope.keep(states.where(mask.to(Dtype.BOOL).unsqueeze(-1), none));
    }
  }
}
