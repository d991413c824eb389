package dev.longtake.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;

class TensorTest {

  @Test
  void aProductOfMatricesIsRight() {
    try (var scope = Scope.open()) {
      var a = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
      var b = Tensor.of(new float[] {5, 6, 7, 8}, 2, 2);
      assertThat(a.matmul(b).toFloats()).containsExactly(19, 22, 43, 50);
    }
  }

  @Test
  void aFailureNamesTheOperatorAndBothShapes() {
    try (var scope = Scope.open()) {
      var a = Tensor.zeros(Dtype.FLOAT32, Device.CPU, 2, 3);
      var b = Tensor.zeros(Dtype.FLOAT32, Device.CPU, 4, 5);
      assertThatThrownBy(() -> a.matmul(b))
          .isInstanceOf(TensorException.class)
          .hasMessageContaining("matmul failed on [2, 3] FLOAT32 on cpu, [4, 5] FLOAT32 on cpu");
    }
  }

  @Test
  void afterMemoryRanOutTheProcessGoesOn() {
    long handles = NativeMemory.liveHandles();
    try (var scope = Scope.open()) {
      var small = Tensor.of(new float[] {1, 2}, 2);
      assertThatThrownBy(() -> Tensor.zeros(Dtype.FLOAT32, Device.CPU, 1L << 25, 1L << 25))
          .isInstanceOfSatisfying(
              TensorException.class,
              e -> {
                assertThat(e.outOfMemory()).isTrue();
                assertThat(e.getMessage().lines()).hasSize(1);
                assertThat(e).hasMessageContainingAll("zeros", "4503599627370496 bytes");
              });
      assertThatThrownBy(() -> small.reshape(2, 1).expand(2, 1L << 50).contiguous())
          .isInstanceOfSatisfying(TensorException.class, e -> assertThat(e.outOfMemory()).isTrue());
      assertThat(small.plus(small).toFloats()).containsExactly(2, 4);
    }
    assertThat(NativeMemory.liveHandles()).isEqualTo(handles);
  }

  @Test
  void whatIsAvailableIsLessThanTheMachineHas() {
    // Elsewhere than on Linux nobody tells.
    NativeMemory.availableBytes(Device.CPU)
        .ifPresent(bytes -> assertThat(bytes).isPositive().isLessThan(1L << 50));
  }

  @Test
  void thePeakOfResidentMemoryIsNotBelowWhatIsResident() {
    long resident = NativeMemory.residentBytes();

    // Elsewhere than on Linux nobody tells.
    NativeMemory.peakResidentBytes()
        .ifPresent(peak -> assertThat(peak).isGreaterThanOrEqualTo(resident * 9 / 10));
    assertThat(NativeMemory.peakBytes(Device.CPU)).isEmpty();
  }

  @Test
  void valuesThatDoNotFillAShapeAreRefused() {
    assertThatThrownBy(() -> Tensor.of(new float[] {1, 2, 3}, 2, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("3 values do not fill [2, 2], which holds 4");
  }

  @Test
  void bytesSurviveTheRoundTripInEveryDtype() {
    try (var scope = Scope.open()) {
      for (var dtype : Dtype.values()) {
        byte[] bytes = new byte[6 * dtype.bytes()];
        for (int i = 0; i < bytes.length; i++) {
          bytes[i] = (byte) (dtype == Dtype.BOOL ? i % 2 : i + 1);
        }
        var tensor = Tensor.ofBytes(bytes, dtype, 2, 3);
        assertThat(tensor.dtype()).isEqualTo(dtype);
        assertThat(tensor.toBytes()).as(dtype.name()).isEqualTo(bytes);
      }
    }
  }

  @Test
  void aTensorWithoutElementsIsMadeAndReadLikeAnyOther() {
    try (var scope = Scope.open()) {
      assertThat(Tensor.of(new float[0], 2, 0).toFloats()).isEmpty();
      assertThat(Tensor.of(new float[0], 2, 0).toDoubles()).isEmpty();
      assertThat(Tensor.of(new long[0], 0).toLongs()).isEmpty();
      assertThat(Tensor.of(new boolean[0], 0, 3).shape()).containsExactly(0, 3);
      assertThat(Tensor.copyOf(0, Dtype.FLOAT32, 0, 4).shape()).containsExactly(0, 4);
      for (var dtype : Dtype.values()) {
        assertThat(Tensor.ofBytes(new byte[0], dtype, 0).toBytes()).as(dtype.name()).isEmpty();
      }
    }
  }

  @Test
  void bytesThatAreNoWholeNumberOfElementsAreRefused() {
    assertThatThrownBy(() -> Tensor.ofBytes(new byte[7], Dtype.FLOAT32, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("7 bytes are no whole number of FLOAT32, 4 each");
  }

  @Test
  void aKeptTensorOutlivesItsScopeAndTheRestIsFreed() {
    try (var outer = Scope.open()) {
      var warm = Tensor.zeros(Dtype.FLOAT32, Device.CPU, 1).plus(1);
      assertThat(warm.item()).isEqualTo(1);
      long before = Pointer.totalCount();
      Tensor kept;
      try (var inner = Scope.open()) {
        var x = Tensor.zeros(Dtype.FLOAT32, Device.CPU, 100);
        kept = inner.keep(x.plus(3).times(2));
      }
      assertThat(kept.mean().item()).isEqualTo(6);
      assertThat(Pointer.totalCount() - before).isBetween(1L, 3L);
    }
  }

  @Test
  void anEscapedTensorLivesUntilItIsClosed() {
    Tensor escaped;
    try (var scope = Scope.open()) {
      escaped = Scope.escape(Tensor.full(4, Dtype.FLOAT32, Device.CPU, 2));
    }
    try (var scope = Scope.open()) {
      assertThat(escaped.toFloats()).containsExactly(4, 4);
    }
    escaped.close();
  }

  @Test
  void gradientsFlowToLeavesAlsoThroughAClosedScope() {
    try (var scope = Scope.open()) {
      var w = Tensor.of(new float[] {1, 2, 3}, 3).requireGradient(true);
      Tensor loss;
      try (var inner = Scope.open()) {
        loss = inner.keep(w.square().sum());
      }
      loss.backward();
      assertThat(w.gradient().toFloats()).containsExactly(2, 4, 6);
    }
  }

  @Test
  void gradientsAddUpInMemoryThatWasGiven() {
    try (var scope = Scope.open()) {
      var w = Tensor.of(new float[] {1, 2}, 2).requireGradient(true);
      var memory = Tensor.of(new float[] {10, 10}, 2);
      w.gradientInto(memory);
      w.square().sum().backward();
      assertThat(memory.toFloats()).containsExactly(12, 14);
    }
  }

  @Test
  void nothingIsRecordedWhileGradientsAreOff() {
    try (var scope = Scope.open()) {
      var w = Tensor.of(new float[] {1}, 1).requireGradient(true);
      try (var off = Gradients.off()) {
        assertThat(w.times(2).requiresGradient()).isFalse();
      }
      assertThat(w.times(2).requiresGradient()).isTrue();
    }
  }

  @Test
  void theSameSeedDrawsTheSameNumbers() {
    try (var scope = Scope.open();
        var a = Rng.seeded(7, Device.CPU);
        var b = Rng.seeded(7, Device.CPU);
        var c = Rng.seeded(Device.CPU, 7, 1)) {
      var fromA = a.normal(Dtype.FLOAT32, 50).toFloats();
      assertThat(fromA).isEqualTo(b.normal(Dtype.FLOAT32, 50).toFloats());
      assertThat(fromA).isNotEqualTo(c.normal(Dtype.FLOAT32, 50).toFloats());
      assertThat(java.util.Arrays.stream(a.integers(10, 1000).toLongs()).boxed())
          .allMatch(n -> n >= 0 && n < 10);
    }
  }

  @Test
  void piecesJoinBackToTheWhole() {
    try (var scope = Scope.open()) {
      var x = Tensor.of(new float[] {0, 1, 2, 3, 4, 5}, 3, 2);
      assertThat(Tensor.cat(x.chunk(3, 0), 0).toFloats()).containsExactly(0, 1, 2, 3, 4, 5);
      assertThat(Tensor.stack(List.of(x, x), 0).shape()).containsExactly(2, 3, 2);
      assertThatThrownBy(() -> x.chunk(2, 0)).hasMessageContaining("does not split in 2");
    }
  }

  @Test
  void oneNumberThatIsNotFiniteIsFound() {
    try (var scope = Scope.open()) {
      var x = Tensor.of(new float[] {0, -3e38f, 3e38f, 1e-40f}, 2, 2);
      assertThat(x.allFinite()).isTrue();
      for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
        assertThat(Tensor.of(new float[] {1, bad, 2}, 3).allFinite()).as("%s", bad).isFalse();
      }
      assertThat(x.to(Dtype.FLOAT16).allFinite()).isFalse();
      assertThat(x.to(Dtype.BFLOAT16).allFinite()).isTrue();
    }
  }

  @Test
  void anUnknownDeviceIsRefusedWithTheChoices() {
    assertThatThrownBy(() -> Device.parse("tpu"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("unknown device 'tpu': give cpu, cuda, cuda:N or auto");
  }
}
