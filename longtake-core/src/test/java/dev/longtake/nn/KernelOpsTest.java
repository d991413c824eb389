package dev.longtake.nn;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.Seeds;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Every fused step equals the plain operators it stands for, up to rounding. */
@Tag("gpu")
class KernelOpsTest {
  private static final Device GPU = Device.cuda(0);
  private static final int HEADS = 4;

  /** One rounding to BFLOAT16 more or less; or one step of e4m3 where a value lies between two. */
  private static final Map<LinearFormat, Double> NEAR =
      Map.of(LinearFormat.AS_STORED, 8e-3, LinearFormat.FP8, 3e-2, LinearFormat.FP8_ROWS, 3e-2);

  @Test
  void theStepsOfABlockAreThePlainOnes() {
    Seeds.forEach(
        4,
        seed -> {
          for (var format : LinearFormat.values()) {
            for (int width : new int[] {1536, 5120, 96}) {
              check(seed, format, width);
            }
          }
        });
  }

  private static void check(long seed, LinearFormat format, int width) {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(seed, GPU);
        var weights = Weights.random(rng, Dtype.BFLOAT16);
        var fused = FusedOps.kernels(format, GPU, Dtype.BFLOAT16)) {
      var plain = FusedOps.plain(format);
      var x = rng.normal(Dtype.FLOAT32, 2, 3, 20, width); // what branches are added to
      var branch = draw(rng, 2, 3, 20, width);
      var six = draw(rng, 2, 3, 6, width).chunk(6, 2);
      var by = new Modulation(six.get(3), six.get(4), six.get(5));
      var bare = LayerNorm.plain(1e-6);
      var affine = new LayerNorm(draw(rng, width), draw(rng, width), 1e-6);
      var norm = new RmsNorm(draw(rng, width), 1e-6);
      int[] positions = {4, 5, 20};
      var rotary = Rotary.at(positions, 4, 5, width / HEADS, GPU);
      var up = format.linear(weights, width, 4L * width);
      double near = NEAR.get(format);

      same(near, plain, fused, ops -> real(ops.modulated(bare, x, by)));
      same(1e-6, plain, fused, ops -> ops.gatedThenNormed(x, branch, by, affine).sum());
      same(near, plain, fused, ops -> real(ops.gatedThenNormed(x, branch, by, affine).normed()));
      same(near, plain, fused, ops -> real(ops.addedThenModulated(x, branch, bare, by).normed()));
      same(1e-6, plain, fused, ops -> ops.gated(x, branch, by));
      same(near, plain, fused, ops -> real(ops.gelu(up, plain.operand(branch))));
      same(near, plain, fused, ops -> real(ops.operand(branch)));
      same(8e-3, plain, fused, ops -> ops.byHead(norm, branch, HEADS));
      same(8e-3, plain, fused, ops -> ops.turned(norm, branch, HEADS, rotary).raw());
      same(8e-3, plain, fused, ops -> ops.turned(norm, branch, HEADS, rotary).turned());
      same(8e-3, plain, fused, ops -> ops.turnedAlone(norm, branch, HEADS, rotary));
      var raw = draw(rng, 2, 60, HEADS, width / HEADS);
      same(
          1e-9,
          plain,
          fused,
          ops -> {
            var memory = raw.copy();
            long[] each = {2, 3, 5, 6, 7, 8, 9, 10, 11, 13, 14, 17, 18, 19, 20, 21, 22, 23};
            var frames = Tensor.of(each, 2, 9).to(GPU);
            ops.moveForward(memory, frames, 1, 5);
            return memory;
          });
      same(
          4e-3,
          plain,
          fused,
          ops -> {
            var room = Tensor.zeros(Dtype.BFLOAT16, GPU, 2, 80, HEADS, width / HEADS);
            ops.turnInto(raw, rotary, room.narrow(1, 0, 60));
            return room; // what lies behind stays as it was
          });
    }
  }

  @Test
  void aBatchMayAskForItsLastFramesAlone() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(7, GPU);
        var fused = FusedOps.kernels(LinearFormat.AS_STORED, GPU, Dtype.BFLOAT16)) {
      int width = 96;
      for (int last = 1; last <= 3; last++) {
        var x = rng.normal(Dtype.FLOAT32, 2, last, 20, width); // what branches are added to
        var branch = draw(rng, 2, last, 20, width);
        var six = draw(rng, 2, 4, 6, width).chunk(6, 2);
        var by = new Modulation(six.get(0), six.get(1), six.get(2)).last(last);
        var bare = LayerNorm.plain(1e-6);
        var affine = new LayerNorm(draw(rng, width), draw(rng, width), 1e-6);
        var plain = FusedOps.plain();

        same(8e-3, plain, fused, ops -> real(ops.modulated(bare, x, by)));
        same(1e-6, plain, fused, ops -> ops.gatedThenNormed(x, branch, by, affine).sum());
        same(8e-3, plain, fused, ops -> real(ops.addedThenModulated(x, branch, bare, by).normed()));
        same(1e-6, plain, fused, ops -> ops.gated(x, branch, by));
      }
    }
  }

  @Test
  void theNormOfPixelsIsThePlainOne() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(9, GPU);
        var fused = FusedOps.kernels(LinearFormat.AS_STORED, GPU, Dtype.BFLOAT16)) {
      for (int channels : new int[] {8, 96, 192, 384, 512, 768}) {
        var x = draw(rng, 2, 3, 5, 7, channels); // 210 pixels fill no whole block
        var norm = new ChannelNorm(draw(rng, channels, 1, 1, 1));
        var biased = new Biased(x, draw(rng, channels));
        var other = draw(rng, 2, 3, 5, 7, channels);
        var plain = FusedOps.plain();
        same(8e-3, plain, fused, ops -> ops.normedSilu(norm, x));
        same(8e-3, plain, fused, ops -> ops.summed(biased, other));
        same(8e-3, plain, fused, ops -> ops.summed(Biased.of(x), other));
        same(
            1e-2, // here the plain sum is rounded before the norm
            plain,
            fused,
            ops -> {
              var room = Tensor.zeros(Dtype.BFLOAT16, GPU, 2, 5, 5, 7, channels);
              ops.normedSiluInto(norm, biased, room.narrow(1, 2, 3));
              return room; // what lies in front stays as it was
            });
      }
    }
  }

  private static void same(
      double near, FusedOps plain, FusedOps fused, Function<FusedOps, Tensor> step) {
    var out = step.apply(fused);
    assertThat(out).isFinite().isCloseTo(step.apply(plain), near);
  }

  private static Tensor draw(Rng rng, long... shape) {
    return rng.normal(Dtype.FLOAT32, shape).to(Dtype.BFLOAT16);
  }

  private static Tensor real(Operand operand) {
    var scale = operand.scale();
    return scale == null
        ? operand.values()
        : operand.rows().to(Dtype.FLOAT32).times(scale).reshape(operand.values().shape());
  }
}
