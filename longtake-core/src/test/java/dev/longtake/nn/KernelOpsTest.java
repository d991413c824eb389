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
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
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
      var all = draw(rng, 2, 3, 20, 3L * width);
      var side = all.narrow(3, width, width); // one of several results that lie side by side
      same(8e-3, plain, fused, ops -> ops.byHead(norm, side, HEADS));
      same(8e-3, plain, fused, ops -> ops.turned(norm, side, HEADS, rotary).turned());
      same(8e-3, plain, fused, ops -> ops.turnedAlone(norm, side, HEADS, rotary));
      for (int part = 0; part < 3; part++) {
        int which = part;
        same(
            8e-3,
            plain,
            fused,
            ops -> {
              var place = new Room(width);
              ops.turnedInto(norm, side, rotary, place);
              ops.copyInto(side, place.values());
              return place.memory().get(which); // what lies beside stays as it was
            });
      }
      same(
          1e-9,
          plain,
          fused,
          ops -> {
            var alone = new Room(width).turnedOnly();
            ops.turnedInto(norm, side, rotary, alone);
            ops.copyInto(side, alone.values());
            return alone.values();
          });
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

  /** Room for 60 tokens of two videos, with some before and behind. */
  private record Room(List<Tensor> memory, boolean keepsRaw) implements AttentionSpan.Place {
    Room(int width) {
      this(
          Stream.generate(
                  () -> Tensor.zeros(Dtype.BFLOAT16, GPU, 2, 80, HEADS, (long) width / HEADS))
              .limit(3)
              .toList(),
          true);
    }

    Room turnedOnly() {
      return new Room(memory, false);
    }

    private Tensor part(int which) {
      return memory.get(which).narrow(1, 7, 60);
    }

    @Override
    public Tensor turned() {
      return part(0);
    }

    @Override
    public @Nullable Tensor raw() {
      return keepsRaw ? part(1) : null;
    }

    @Override
    public Tensor values() {
      return part(2);
    }

    @Override
    public Tensor attend(Tensor q) {
      throw new UnsupportedOperationException("nobody asks");
    }
  }

  @Test
  void attentionToManyKeysIsAttention() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(6, GPU);
        var plain = FusedOps.plain();
        var fused = FusedOps.kernels(LinearFormat.AS_STORED, GPU, Dtype.BFLOAT16)) {
      // A chunk of Wan 1.3B in front of 18 frames, in memory with room for more behind them.
      var chunk = draw(rng, 1, 4680, 12, 128).times(2);
      var memory = draw(rng, 1, 34320, 12, 128);
      var keys = memory.narrow(1, 0, 32760);
      same(8e-3, plain, fused, ops -> ops.attended(chunk, keys, keys));
      var uneven = memory.narrow(1, 5, 4681);
      same(8e-3, plain, fused, ops -> ops.attended(chunk, uneven, uneven));
      // Two videos whose queries lie beside others, and fewer tiles than multiprocessors.
      var videos = draw(rng, 2, 300, 9, 128).narrow(2, 3, 3);
      var past = draw(rng, 2, 5000, 3, 128).narrow(1, 100, 2049);
      same(8e-3, plain, fused, ops -> ops.attended(videos, past, past));
      var few = memory.narrow(1, 0, 512);
      same(1e-9, plain, fused, ops -> ops.attended(chunk, few, few));
    }
  }

  @Test
  void attentionIsTheSameEachTime() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(8, GPU);
        var fused = FusedOps.kernels(LinearFormat.AS_STORED, GPU, Dtype.BFLOAT16)) {
      var chunk = draw(rng, 1, 4680, 12, 128);
      var keys = draw(rng, 1, 9360, 12, 128);
      var once = fused.attended(chunk, keys, keys);
      for (int i = 0; i < 5; i++) {
        assertThat(fused.attended(chunk, keys, keys)).isBitwiseEqualTo(once);
      }
    }
  }

  @Test
  void joinedLayersAreTheSameOnesSideBySide() {
    var names = List.of("q", "k", "v");
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(3, GPU)) {
      for (var format : LinearFormat.values()) {
        try (var weights = Weights.random(rng, Dtype.BFLOAT16);
            var fused = FusedOps.kernels(format, GPU, Dtype.BFLOAT16)) {
          var joined = fused.linears(weights, names, 256, 128);
          var x = fused.operand(draw(rng, 2, 3, 20, 256));
          for (int i = 0; i < 3; i++) {
            assertThat(joined.forward(x).get(i)).isCloseTo(joined.forward(i, x), 8e-3);
          }
        }
      }
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
