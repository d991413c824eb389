package dev.longtake.nn;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.testkit.Seeds;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class KeyPartsTest {

  @Test
  void attentionToTwoHalvesOfTheKeysIsAttentionToAll() {
    Seeds.forEach(
        5,
        seed -> {
          try (var scope = Scope.open();
              var off = Gradients.off();
              var rng = Rng.seeded(seed, Device.CPU)) {
            var q = rng.normal(Dtype.FLOAT32, 1, 7, 3, 16).times(4);
            var k = rng.normal(Dtype.FLOAT32, 1, 20, 3, 16).narrow(1, 0, 18);
            var v = rng.normal(Dtype.FLOAT32, 1, 20, 3, 16).narrow(1, 0, 18);
            var halves = KeyParts.attend(q, k, v);
            assertThat(halves.out()).hasShape(2, 3, 7, 16);
            assertThat(halves.logSums()).hasShape(2, 3, 7);
            assertThat(KeyParts.joined(halves))
                .hasShape(1, 7, 3, 16)
                .isCloseTo(AttentionSpan.attend(q, k, v), 1e-5);
          }
        });
  }

  @Test
  void theySaveRoundsWhereTheLastOneIsHalfEmpty() {
    try (var scope = Scope.open()) {
      var chunk = tokens(1, 4680, 12); // 444 pieces of 128 queries
      var memory = tokens(1, 32760, 12);
      assertThat(KeyParts.pay(chunk, memory, 132)).as("4 rounds or 7 halves").isTrue();
      assertThat(KeyParts.pay(chunk, memory, 111)).as("4 whole rounds").isFalse();
      assertThat(KeyParts.pay(chunk, memory, 148)).as("3 whole rounds").isFalse();
      assertThat(KeyParts.pay(chunk, tokens(1, 32761, 12), 132)).as("no halves").isFalse();
      assertThat(KeyParts.pay(chunk, tokens(1, 512, 12), 132)).as("few keys").isFalse();
      assertThat(KeyParts.pay(tokens(2, 4680, 12), tokens(2, 32760, 12), 132)).isFalse();
    }
  }

  private static Tensor tokens(long batch, long count, long heads) {
    return Weights.placeholder(Dtype.FLOAT32, batch, count, heads, 1);
  }
}
