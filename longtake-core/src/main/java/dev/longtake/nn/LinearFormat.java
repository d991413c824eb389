package dev.longtake.nn;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/**
 * What the large linear layers of a transformer's blocks hold and multiply.
 *
 * <p>Eight bits are e4m3: 3 bits of mantissa, magnitudes up to 448. A scale maps the largest
 * magnitude to 448, of a whole tensor or of each row (each token of the activations, each output of
 * the weights).
 */
public enum LinearFormat {
  /** Weights and activations as they come. */
  AS_STORED,
  /** Eight bits, a scale for each tensor: the fastest on a Hopper GPU. */
  FP8,
  /** Eight bits, a scale for each row: a little nearer to the original. */
  FP8_ROWS;

  /** The largest magnitude of e4m3. */
  static final double LARGEST = 448;

  private static final double LEAST = 1e-12; // a tensor of zeros stays zeros

  /** A layer with bias in this format; the weights it replaces are freed. */
  public Projection linear(Weights weights, long in, long out) {
    var whole = Linear.of(weights, in, out);
    return this == AS_STORED ? whole : EightBitLinear.of(weights, whole, this);
  }

  /** Activations as a layer of this format takes them; the caller's scope owns what is made. */
  public Operand operand(Tensor x) {
    if (this == AS_STORED) {
      return Operand.of(x);
    }
    try (var scope = Scope.open()) {
      var rows = x.detach().to(Dtype.FLOAT32).reshape(-1, x.size(-1));
      var most = this == FP8 ? rows.abs().max() : rows.abs().max(1L);
      var scale = most.clampMin(LEAST).dividedBy(LARGEST);
      // The conversion would turn what rounds beyond the largest magnitude into NaN.
      var eights = rows.dividedBy(scale).clamp(-LARGEST, LARGEST).to(Dtype.FLOAT8_E4M3);
      return new Operand(eights.reshape(x.shape()), scale, x.dtype()).keptBy(scope);
    }
  }
}
