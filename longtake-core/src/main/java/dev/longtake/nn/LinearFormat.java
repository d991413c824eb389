package dev.longtake.nn;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

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

  /**
   * Layers with bias that read the same, held as one in this format: weights and biases of each are
   * views of it. With one scale for a tensor, that is one for all of them.
   *
   * @param names of the layers below the weights
   */
  Projections joined(Weights weights, List<String> names, long in, long out) {
    try (var scope = Scope.open()) {
      var each = names.stream().map(name -> Linear.of(weights.at(name), in, out)).toList();
      var weight = Tensor.cat(each.stream().map(Linear::weight).toList(), 0);
      var bias = weights.keepBeside(Tensor.cat(each.stream().map(LinearFormat::bias).toList(), 0));
      return this == AS_STORED
          ? asStored(weights, names, weights.keepBeside(weight), bias)
          : inEightBits(weights, names, weight, bias);
    }
  }

  private static Tensor bias(Linear layer) {
    return Objects.requireNonNull(layer.bias(), "a layer of a block has a bias");
  }

  private static Projections asStored(
      Weights weights, List<String> names, Tensor weight, Tensor bias) {
    var each =
        parts(
            names,
            (name, i, out) ->
                new Linear(
                    weights.at(name).replace("weight", weight.narrow(0, i * out, out)),
                    weights.at(name).replace("bias", bias.narrow(0, i * out, out))),
            bias);
    return new Projections(each, new Linear(weight, bias));
  }

  private Projections inEightBits(Weights weights, List<String> names, Tensor whole, Tensor bias) {
    var eights = operand(whole);
    var weight = weights.keepBeside(eights.values());
    var made = Objects.requireNonNull(eights.scale(), "eight bits have a scale");
    var scale = weights.keepBeside(this == FP8 ? made : made.reshape(1, -1));
    var each =
        parts(
            names,
            (name, i, out) ->
                new EightBitLinear(
                    weights.at(name).replace("weight", weight.narrow(0, i * out, out)),
                    this == FP8 ? scale : weights.keepBeside(scale.narrow(1, i * out, out)),
                    weights.at(name).replace("bias", bias.narrow(0, i * out, out)),
                    this),
            bias);
    return new Projections(each, new EightBitLinear(weight, scale, bias, this));
  }

  private interface Part {
    Projection of(String name, long number, long out);
  }

  private static List<Projection> parts(List<String> names, Part part, Tensor bias) {
    long out = bias.size(0) / names.size();
    return IntStream.range(0, names.size()).mapToObj(i -> part.of(names.get(i), i, out)).toList();
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
