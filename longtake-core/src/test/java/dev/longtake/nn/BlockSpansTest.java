package dev.longtake.nn;

import static dev.longtake.testkit.TensorAssert.assertThat;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.testkit.Seeds;
import dev.longtake.wan.CausalMasks;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What is attended to without a mask is what the masks allow. */
@ExtendWith(LeakGuard.class)
class BlockSpansTest {
  private static final int PATCHES = 2;

  @Test
  void blockCausalAttentionIsMaskedAttention() {
    Seeds.forEach(
        5,
        seed -> {
          for (int[] sizes : new int[][] {{6, 3}, {5, 2}, {3, 3}, {4, 1}}) {
            try (var scope = Scope.open()) {
              var mask = CausalMasks.blockCausal(sizes[0], sizes[1], PATCHES, Device.CPU);
              same(seed, sizes[0], BlockSpans.blockCausal((long) sizes[1] * PATCHES), mask);
            }
          }
        });
  }

  @Test
  void teacherForcingAttentionIsMaskedAttention() {
    Seeds.forEach(
        5,
        seed -> {
          for (int[] sizes : new int[][] {{6, 3}, {5, 2}, {3, 3}, {4, 1}}) {
            try (var scope = Scope.open()) {
              var mask = CausalMasks.teacherForcing(sizes[0], sizes[1], PATCHES, Device.CPU);
              same(seed, 2 * sizes[0], BlockSpans.teacherForcing((long) sizes[1] * PATCHES), mask);
            }
          }
        });
  }

  private static void same(long seed, int frames, AttentionSpan span, Tensor mask) {
    try (var rng = Rng.seeded(seed, Device.CPU)) {
      long tokens = (long) frames * PATCHES;
      var q = rng.normal(Dtype.FLOAT32, 2, tokens, 2, 4);
      var k = rng.normal(Dtype.FLOAT32, 2, tokens, 2, 4);
      var v = rng.normal(Dtype.FLOAT32, 2, tokens, 2, 4);
      assertThat(span.attend(q, k, k, v))
          .isCloseTo(AttentionSpan.masked(mask).attend(q, k, k, v), 1e-5);
    }
  }
}
