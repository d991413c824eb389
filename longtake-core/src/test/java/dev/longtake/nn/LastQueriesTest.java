package dev.longtake.nn;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.wan.CausalMasks;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The last layer asks for the last tokens alone; they must see what they see among all. */
@ExtendWith(LeakGuard.class)
class LastQueriesTest {
  private static final int TOKENS = 12;

  static Stream<Arguments> spans() {
    return Stream.of(
        Arguments.of("full", AttentionSpan.FULL, 5),
        Arguments.of("context, one chunk", AttentionSpan.contextThenChunk(8), 4),
        Arguments.of("context, two chunks", AttentionSpan.contextThenChunks(6, 2), 6),
        Arguments.of("block-causal, whole blocks", BlockSpans.blockCausal(4), 8),
        Arguments.of("block-causal, part of a block", BlockSpans.blockCausal(5), 4),
        Arguments.of("teacher forcing", BlockSpans.teacherForcing(2), 6));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("spans")
  void theLastQueriesSeeWhatTheySawAmongAll(String name, AttentionSpan span, int last) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(3, Device.CPU)) {
      assertLastAgree(rng, span, last);
    }
  }

  @Test
  void theRowsOfAMaskAreThoseOfTheQueries() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(4, Device.CPU)) {
      var mask = CausalMasks.teacherForcing(6, 2, 1, Device.CPU);
      assertLastAgree(rng, AttentionSpan.masked(mask), 6);
    }
  }

  @Test
  void aPartOfAContextIsRefused() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(5, Device.CPU)) {
      var k = drawn(rng);
      var some = k.narrow(1, 2, TOKENS - 2);
      var span = AttentionSpan.contextThenChunk(8);
      assertThatThrownBy(() -> span.attend(some, k, k, k))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("10 queries are neither all 12 tokens nor the 4 behind the context");
    }
  }

  private static void assertLastAgree(Rng rng, AttentionSpan span, int last) {
    var q = drawn(rng);
    var k = drawn(rng);
    var v = drawn(rng);
    var all = span.attend(q, k, k, v);
    var some = span.attend(q.narrow(1, TOKENS - last, last), k, k, v);
    assertThat(some).isCloseTo(all.narrow(1, TOKENS - last, last), 1e-6);
  }

  private static Tensor drawn(Rng rng) {
    return rng.normal(Dtype.FLOAT32, 2, TOKENS, 2, 4);
  }
}
