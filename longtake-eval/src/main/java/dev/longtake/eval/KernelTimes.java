package dev.longtake.eval;

import dev.longtake.nn.Biased;
import dev.longtake.nn.ChannelNorm;
import dev.longtake.nn.FusedOps;
import dev.longtake.nn.LayerNorm;
import dev.longtake.nn.LinearFormat;
import dev.longtake.nn.Modulation;
import dev.longtake.nn.Operand;
import dev.longtake.nn.RmsNorm;
import dev.longtake.nn.Rotary;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * Each fused step beside the plain operators it stands for: how far apart their results are, and
 * how long both take on the device, without the calls, on random activations of a chunk's size.
 */
public final class KernelTimes {
  private static final int FRAMES = 3;
  private static final int ATTENDED = 21;

  /**
   * One step.
   *
   * @param step what is computed
   * @param difference ‖fused − plain‖ / ‖plain‖; both round to the same type, at other moments
   * @param plainMilliseconds median time of the plain operators
   * @param fusedMilliseconds median time of the fused step
   */
  public record Row(
      String step, double difference, double plainMilliseconds, double fusedMilliseconds) {}

  private final NetworkSize size;
  private final Device device;
  private final Dtype dtype;
  private final int runs;
  private final FusedOps plain;
  private final FusedOps fused;
  private final Rng rng;
  private final Weights weights;
  private final List<Row> rows = new ArrayList<>();

  private KernelTimes(
      NetworkSize size,
      Device device,
      Dtype dtype,
      int runs,
      FusedOps plain,
      FusedOps fused,
      Rng rng,
      Weights weights) {
    this.size = size;
    this.device = device;
    this.dtype = dtype;
    this.runs = runs;
    this.plain = plain;
    this.fused = fused;
    this.rng = rng;
    this.weights = weights;
  }

  /**
   * Measures every step.
   *
   * @param runs of each, at least 1
   * @param fused as made for the format, device and type
   */
  static List<Row> measure(
      NetworkSize size, LinearFormat format, Device device, Dtype dtype, int runs, FusedOps fused) {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(5, device);
        var weights = Weights.from(new RandomWeights(rng, dtype))) {
      var times =
          new KernelTimes(size, device, dtype, runs, FusedOps.plain(format), fused, rng, weights);
      times.block(format);
      if (format == LinearFormat.AS_STORED) {
        times.decoder();
      }
      return List.copyOf(times.rows);
    }
  }

  private void block(LinearFormat format) {
    try (var scope = Scope.open()) {
      int dim = size.wan().dim();
      long tokens = (long) FRAMES * size.patches();
      var x = draw(1, FRAMES, size.patches(), dim).to(Dtype.FLOAT32); // branches are added to it
      var branch = draw(1, FRAMES, size.patches(), dim);
      var six = draw(1, FRAMES, 6, dim).chunk(6, 2);
      var by = new Modulation(six.get(0), six.get(1), six.get(2));
      var plainNorm = LayerNorm.plain(1e-6);
      var norm = LayerNorm.affine(weights.at("norm3"), dim, 1e-6);
      var heads = RmsNorm.of(weights.at("norm_q"), dim, 1e-6);
      int[] positions = {18, 19, 20};
      var rotary =
          Rotary.at(positions, size.rows() / 2, size.columns() / 2, size.wan().headDim(), device);
      var name = format.name().toLowerCase(Locale.ROOT);

      compareOperands("modulated norm, " + name, ops -> ops.modulated(plainNorm, x, by));
      compare(
          "gated sum, norm: sum, " + name, ops -> ops.gatedThenNormed(x, branch, by, norm).sum());
      compareOperands(
          "gated sum, norm: normed, " + name,
          ops -> ops.gatedThenNormed(x, branch, by, norm).normed());
      compareOperands(
          "sum, modulated norm, " + name,
          ops -> ops.addedThenModulated(x, branch, plainNorm, by).normed());
      var up = plain.linear(weights.at("ffn.0"), dim, size.wan().ffnDim());
      var input = plain.operand(branch);
      compareOperands("linear, gelu, " + name, ops -> ops.gelu(up, input));
      compareOperands("operand, " + name, ops -> ops.operand(branch));
      if (format == LinearFormat.AS_STORED) {
        int count = size.wan().numHeads();
        compare("gated sum", ops -> ops.gated(x, branch, by));
        compare("norm by head", ops -> ops.byHead(heads, branch, count));
        compare("norm by head, turned", ops -> ops.turned(heads, branch, count, rotary).turned());
        var raw = draw(1, tokens, count, size.wan().headDim());
        long keys = ATTENDED * size.patches();
        var q = draw(1, tokens, count, size.wan().headDim());
        var k = draw(1, keys, count, size.wan().headDim());
        var v = draw(1, keys, count, size.wan().headDim());
        compare("attention to memory", ops -> ops.attended(q, k, v));
        compare(
            "keys turned",
            ops -> {
              var out = Tensor.empty(dtype, device, raw.shape());
              ops.turnInto(raw, rotary, out);
              return out;
            });
      }
    }
  }

  private void decoder() {
    for (int multiplier : new int[] {1, 4}) {
      try (var scope = Scope.open()) {
        int channels = size.vae().dim() * multiplier;
        long side = multiplier == 1 ? 8 : 1;
        var x = draw(1, 4, size.rows() * side, size.columns() * side, channels);
        var norm = ChannelNorm.of(weights.at("decoder." + channels), channels, 3);
        compare("channel norm, silu, " + channels, ops -> ops.normedSilu(norm, x));
        var sums = new Biased(x, draw(channels));
        var other = x.copy();
        compare("sum of channels, " + channels, ops -> ops.summed(sums, other));
      }
    }
  }

  private void compare(String step, Function<FusedOps, Tensor> work) {
    compareOperands(step, ops -> Operand.of(work.apply(ops)));
  }

  /** What is in eight bits is compared as the numbers it stands for; making these is not timed. */
  private void compareOperands(String step, Function<FusedOps, Operand> work) {
    try (var scope = Scope.open()) {
      var reference = real(work.apply(plain));
      rows.add(
          new Row(
              step,
              relative(real(work.apply(fused)), reference),
              Repeated.milliseconds(device, runs, () -> work.apply(plain).values()),
              Repeated.milliseconds(device, runs, () -> work.apply(fused).values())));
    }
  }

  private Tensor draw(long... shape) {
    return rng.normal(Dtype.FLOAT32, shape).to(dtype);
  }

  /** Taken in FLOAT64, where the tensors are. */
  static double relative(Tensor out, Tensor reference) {
    try (var scope = Scope.open()) {
      var expected = reference.to(Dtype.FLOAT64);
      var error = out.to(Dtype.FLOAT64).minus(expected);
      return Math.sqrt(error.square().sum().item() / expected.square().sum().item());
    }
  }

  private static Tensor real(Operand operand) {
    var scale = operand.scale();
    return scale == null
        ? operand.values()
        : operand.values().to(Dtype.FLOAT32).reshape(-1, operand.values().size(-1)).times(scale);
  }
}
