package dev.longtake.eval;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.LinearFormat;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * The large products of a block one by one: what the rest of a chunk's time is measured against.
 */
public final class ProductTimes {
  private static final int FRAMES = 3;
  private static final int ATTENDED = 21;

  /**
   * One product.
   *
   * @param product what is multiplied
   * @param milliseconds median, for one
   * @param teraflops multiplications and additions in 10^12 a second
   */
  public record Row(String product, double milliseconds, double teraflops) {}

  private final Device device;
  private final int runs;
  private final List<Row> rows = new ArrayList<>();

  private ProductTimes(Device device, int runs) {
    this.device = device;
    this.runs = runs;
  }

  /** Measures attention of every kind, and the linear layers in every format. */
  static List<Row> measure(NetworkSize size, Device device, Dtype dtype, int runs) {
    var times = new ProductTimes(device, runs);
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(5, device)) {
      times.attention(size, dtype, rng);
      times.decodersAttention(size, dtype, rng);
      for (var format : LinearFormat.values()) {
        times.linears(size, dtype, rng, format);
      }
    }
    return List.copyOf(times.rows);
  }

  private void attention(NetworkSize size, Dtype dtype, Rng rng) {
    var wan = size.wan();
    long tokens = (long) FRAMES * size.patches();
    long keys = (long) ATTENDED * size.patches();
    double work = 4.0 * tokens * wan.dim(); // for each key
    try (var scope = Scope.open()) {
      var q = draw(rng, dtype, 1, tokens, wan.numHeads(), wan.headDim());
      var k = draw(rng, dtype, 1, keys, wan.numHeads(), wan.headDim());
      var v = draw(rng, dtype, 1, keys, wan.numHeads(), wan.headDim());
      time("attention to memory", work * keys, () -> AttentionSpan.attend(q, k, v));
      var byHead = new Tensor[] {heads(q), heads(k), heads(v)};
      time(
          "attention to memory, heads apart",
          work * keys,
          () -> Functional.attention(byHead[0], byHead[1], byHead[2]));
      var told = k.narrow(1, 0, Math.min(keys, wan.textLen()));
      var says = v.narrow(1, 0, told.size(1));
      time(
          "attention to the prompt",
          work * told.size(1),
          () -> AttentionSpan.attend(q, told, says));
    }
  }

  /** Among the pixels of each latent, in one head. */
  private void decodersAttention(NetworkSize size, Dtype dtype, Rng rng) {
    long pixels = (long) size.rows() * size.columns();
    long width = (long) size.vae().dim() * size.vae().multipliers().getLast();
    try (var scope = Scope.open()) {
      var q = draw(rng, dtype, FRAMES, 1, pixels, width);
      double work = 4.0 * FRAMES * pixels * pixels * width;
      time("attention in the decoder", work, () -> Functional.attention(q, q, q));
    }
  }

  private static Tensor heads(Tensor x) {
    return x.transpose(1, 2).contiguous();
  }

  private void linears(NetworkSize size, Dtype dtype, Rng rng, LinearFormat format) {
    int dim = size.wan().dim();
    int wide = size.wan().ffnDim();
    int[][] layers = {{dim, dim}, {dim, 3 * dim}, {dim, wide}, {wide, dim}};
    for (int[] layer : layers) {
      try (var scope = Scope.open();
          var weights = Weights.from(new RandomWeights(rng, dtype))) {
        var linear = format.linear(weights.at("layer"), layer[0], layer[1]);
        var x = format.operand(draw(rng, dtype, 1, FRAMES, size.patches(), layer[0]));
        double work = 2.0 * FRAMES * size.patches() * layer[0] * layer[1];
        var name = format.name().toLowerCase(Locale.ROOT);
        time("linear " + layer[0] + " to " + layer[1] + ", " + name, work, () -> linear.forward(x));
      }
    }
  }

  private void time(String product, double work, Supplier<Tensor> doing) {
    double took = Repeated.milliseconds(device, runs, doing);
    rows.add(new Row(product, took, work / took / 1e9));
  }

  private static Tensor draw(Rng rng, Dtype dtype, long... shape) {
    return rng.normal(Dtype.FLOAT32, shape).to(dtype);
  }
}
