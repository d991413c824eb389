package dev.longtake.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class KeyAttentionTest {
  private static final int KEYS = 2048;

  private final Scope scope = Scope.open();
  private final Tensor q = bfloat16(2, 5, 3, 128);
  private final Tensor k = bfloat16(2, KEYS, 3, 128);
  private final Tensor v = bfloat16(2, KEYS, 3, 128);

  @AfterEach
  void close() {
    scope.close();
  }

  @Test
  void itTakesHeadsOf128ChannelsAndManyKeysAlsoWithinLargerTensors() {
    assertThat(KeyAttention.takes(q, k, v)).isTrue();
    var memory = bfloat16(2, KEYS + 9, 3, 128);
    var beside = bfloat16(2, 5, 9, 128).narrow(2, 3, 3);
    var past = memory.narrow(1, 7, KEYS);
    assertThat(KeyAttention.takes(beside, past, past)).isTrue();
    var headsApart = bfloat16(2, 3, 5, 128).transpose(1, 2);
    assertThat(KeyAttention.takes(headsApart, k, v)).isTrue();
  }

  @Test
  void howFarApartWhatStandsAloneWouldBeDoesNotMatter() {
    var gaps = bfloat16(1, KEYS, 2, 129).narrow(2, 0, 1).narrow(3, 0, 128); // of 516 bytes
    assertThat(gaps.stride(1) * Short.BYTES % 16).isNotZero();
    var query = bfloat16(1, 1, 1, 129).narrow(3, 0, 128);
    var keys = bfloat16(1, KEYS, 1, 128);
    assertThat(query.stride(2)).isEqualTo(129);
    assertThat(KeyAttention.takes(query, keys, keys)).isTrue();
    assertThat(KeyAttention.takes(query, gaps, gaps)).isFalse();
  }

  @Test
  void keysAndValuesAreOfOneShapeAndOfTheQueriesBatchHeadsAndWidth() {
    assertThat(KeyAttention.takes(q, k, bfloat16(2, KEYS + 1, 3, 128))).isFalse();
    assertThat(KeyAttention.takes(q, k, bfloat16(2, KEYS, 3, 64))).isFalse();
    assertThat(takesKeys(1, KEYS, 3, 128)).isFalse();
    assertThat(takesKeys(2, KEYS, 1, 128)).isFalse();
    assertThat(takesKeys(2, KEYS, 3, 64)).isFalse();
    assertThat(takesKeys(2, KEYS - 1, 3, 128)).isFalse();
  }

  @Test
  void queriesThatAreNoneAndOtherTypesAndWidthsAreLeftToLibTorch() {
    assertThat(KeyAttention.takes(q.narrow(1, 0, 0), k, v)).isFalse();
    assertThat(KeyAttention.takes(q.to(Dtype.FLOAT32), k, v)).isFalse();
    assertThat(KeyAttention.takes(q, k.to(Dtype.FLOAT32), v)).isFalse();
    assertThat(KeyAttention.takes(q, k, v.to(Dtype.FLOAT32))).isFalse();
    var narrow = bfloat16(2, KEYS, 3, 64);
    assertThat(KeyAttention.takes(bfloat16(2, 5, 3, 64), narrow, narrow)).isFalse();
  }

  @Test
  void whatTheCopyEngineCannotReadIsLeftToLibTorch() {
    var begunLate = bfloat16(2, KEYS, 3, 136).narrow(3, 1, 128);
    assertThat(begunLate.beginsAtMultipleOf(16)).isFalse();
    assertThat(KeyAttention.takes(q, begunLate, begunLate)).isFalse();
    var crooked = bfloat16(2, KEYS, 3, 129).narrow(3, 0, 128);
    assertThat(KeyAttention.takes(q, k, crooked)).isFalse();
    var channelsApart = bfloat16(2, 5, 128, 3).transpose(2, 3);
    assertThat(KeyAttention.takes(channelsApart, k, v)).isFalse();
  }

  private boolean takesKeys(long... shape) {
    var keys = bfloat16(shape);
    return KeyAttention.takes(q, keys, keys);
  }

  private static Tensor bfloat16(long... shape) {
    return Tensor.zeros(Dtype.BFLOAT16, Device.CPU, shape);
  }
}
