package dev.longtake.nn;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class AttentionSpanTest {
  private static final int TOKENS = 5;

  /** Queries, keys and values of one head. */
  private record Input(Tensor q, Tensor k, Tensor v) {
    static Input drawn(Rng rng) {
      return new Input(
          rng.normal(Dtype.FLOAT32, 2, TOKENS, 2, 4),
          rng.normal(Dtype.FLOAT32, 2, TOKENS, 2, 4),
          rng.normal(Dtype.FLOAT32, 2, TOKENS, 2, 4));
    }

    Tensor through(AttentionSpan span) {
      return span.attend(q, k, k, v);
    }

    /** These tokens alone, in this order. */
    Input only(long... tokens) {
      var rows = Tensor.of(tokens, tokens.length);
      return new Input(q.gatherRows(1, rows), k.gatherRows(1, rows), v.gatherRows(1, rows));
    }

    Input withToken(int token, double value) {
      var k = this.k.copy();
      var v = this.v.copy();
      k.narrow(1, token, 1).fill(value);
      v.narrow(1, token, 1).fill(value);
      return new Input(q, k, v);
    }
  }

  @Test
  void attentionIsTheSoftmaxOfScaledProducts() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, Device.CPU)) {
      var in = Input.drawn(rng);
      float[] q = in.q.select(0, 1).select(1, 1).toFloats(); // [L, d] of batch 1, head 1
      float[] k = in.k.select(0, 1).select(1, 1).toFloats();
      float[] v = in.v.select(0, 1).select(1, 1).toFloats();
      float[] expected = new float[TOKENS * 4];
      for (int i = 0; i < TOKENS; i++) {
        double[] weight = new double[TOKENS];
        double sum = 0;
        for (int j = 0; j < TOKENS; j++) {
          double product = 0;
          for (int c = 0; c < 4; c++) {
            product += q[4 * i + c] * k[4 * j + c];
          }
          weight[j] = Math.exp(product / 2); // √4
          sum += weight[j];
        }
        for (int j = 0; j < TOKENS; j++) {
          for (int c = 0; c < 4; c++) {
            expected[4 * i + c] += (float) (weight[j] / sum * v[4 * j + c]);
          }
        }
      }
      var out = in.through(AttentionSpan.FULL);
      assertThat(out).hasShape(2, TOKENS, 2, 4);
      assertThat(out.select(0, 1).select(1, 1)).isCloseTo(Tensor.of(expected, TOKENS, 4), 1e-5);
    }
  }

  @Test
  void aMaskThatHidesNothingChangesNothing() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(2, Device.CPU)) {
      var in = Input.drawn(rng);
      boolean[] all = new boolean[TOKENS * TOKENS];
      java.util.Arrays.fill(all, true);
      assertThat(in.through(AttentionSpan.masked(Tensor.of(all, TOKENS, TOKENS))))
          .isCloseTo(in.through(AttentionSpan.FULL), 1e-6);
    }
  }

  @Test
  void aHiddenKeyHasNoInfluence() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(3, Device.CPU)) {
      var in = Input.drawn(rng);
      boolean[] causal = new boolean[TOKENS * TOKENS];
      for (int i = 0; i < causal.length; i++) {
        causal[i] = i % TOKENS <= i / TOKENS;
      }
      var span = AttentionSpan.masked(Tensor.of(causal, TOKENS, TOKENS));
      var before = in.through(span);
      var after = in.withToken(3, 9).through(span);
      assertThat(after.narrow(1, 0, 3)).isCloseTo(before.narrow(1, 0, 3), 1e-6);
      assertThat(after.narrow(1, 3, 2).toFloats()).isNotEqualTo(before.narrow(1, 3, 2).toFloats());
    }
  }

  @Test
  void contextSeesItselfOnlyAndTheChunkSeesEverything() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(4, Device.CPU)) {
      var in = Input.drawn(rng);
      var span = AttentionSpan.contextThenChunk(2);
      var out = in.through(span);
      assertThat(out.narrow(1, 2, 3))
          .isCloseTo(in.through(AttentionSpan.FULL).narrow(1, 2, 3), 1e-6);
      // Whatever happens in the chunk, context stays bit for bit.
      assertThat(in.withToken(4, -5).through(span).narrow(1, 0, 2))
          .isBitwiseEqualTo(out.narrow(1, 0, 2));
      var other = in.withToken(0, 5).through(span);
      assertThat(other.narrow(1, 1, 1).toFloats()).isNotEqualTo(out.narrow(1, 1, 1).toFloats());
      assertThat(other.narrow(1, 4, 1).toFloats()).isNotEqualTo(out.narrow(1, 4, 1).toFloats());
    }
  }

  @Test
  void chunksThatShareAContextAreEachAsIfAloneWithIt() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(5, Device.CPU)) {
      var in = Input.drawn(rng);
      var out = in.through(AttentionSpan.contextThenChunks(1, 2));
      var alone = AttentionSpan.contextThenChunk(1);
      assertThat(out.narrow(1, 0, 3)).isCloseTo(in.only(0, 1, 2).through(alone), 1e-6);
      assertThat(out.narrow(1, 3, 2))
          .isCloseTo(in.only(0, 3, 4).through(alone).narrow(1, 1, 2), 1e-6);
    }
  }
}
