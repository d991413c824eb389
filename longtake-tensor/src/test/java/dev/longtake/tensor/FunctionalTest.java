package dev.longtake.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class FunctionalTest {
  private static final Offset<Float> NEAR = within(1e-3f);

  @Test
  void aProductOfEightBitsIsScaledOnBothSides() {
    try (var scope = Scope.open()) {
      float[] x = new float[32 * 16];
      float[] weight = new float[16 * 16];
      for (int i = 0; i < 16; i++) {
        x[i] = i - 8; // the first row
        weight[i * 16 + i] = 2; // twice the identity
      }
      var out =
          Functional.scaledLinear(
              Tensor.of(x, 32, 16).to(Dtype.FLOAT8_E4M3),
              Tensor.of(new float[] {0.5f}, 1),
              Tensor.of(weight, 16, 16).to(Dtype.FLOAT8_E4M3),
              Tensor.of(new float[] {4}, 1),
              null);
      assertThat(out.dtype()).isEqualTo(Dtype.BFLOAT16);
      for (int i = 0; i < 16; i++) {
        assertThat(out.toFloats()[i]).isEqualTo((i - 8) * 2 * 0.5f * 4, NEAR);
      }
    }
  }

  @Test
  void aProductIsAddedInTheWidestTypeAndGradientsKeepTheirOwn() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, Device.CPU)) {
      var x = rng.normal(Dtype.FLOAT32, 2, 3, 4).requireGradient(true);
      var branch = rng.normal(Dtype.FLOAT32, 2, 3, 4).to(Dtype.BFLOAT16).requireGradient(true);
      var gate = rng.normal(Dtype.FLOAT32, 2, 1, 4).to(Dtype.BFLOAT16).requireGradient(true);
      var sum = Functional.plusProduct(x, branch, gate);
      assertThat(sum.dtype()).isEqualTo(Dtype.FLOAT32);
      var wide = branch.to(Dtype.FLOAT32).times(gate.to(Dtype.FLOAT32));
      float[] expected = x.plus(wide).toFloats();
      for (int i = 0; i < expected.length; i++) {
        assertThat(sum.toFloats()[i]).isEqualTo(expected[i], within(1e-6f));
      }
      sum.sum().backward();
      assertThat(branch.gradient().dtype()).isEqualTo(Dtype.BFLOAT16);
      assertThat(branch.gradient().toFloats()[5]).isEqualTo(gate.toFloats()[1]);
      assertThat(gate.gradient().shape()).containsExactly(2, 1, 4);
    }
  }

  @Test
  void anOperatorCalledByNameSaysWhatItFailedOn() {
    try (var scope = Scope.open()) {
      var x = Tensor.zeros(Dtype.FLOAT32, Device.CPU, 2, 3);
      assertThatThrownBy(
              () -> Functional.linearGelu(x, x.reshape(3, 2), Tensor.of(new float[3], 3)))
          .isInstanceOf(TensorException.class)
          .hasMessageContaining(
              "aten::_addmm_activation failed on [3] FLOAT32 on cpu, [2, 3] FLOAT32 on cpu, [3, 2]"
                  + " FLOAT32 on cpu");
    }
  }

  @Test
  void whatOnlyAGpuHasIsRefusedElsewhereInOneLine() {
    assertThatThrownBy(() -> KernelLibrary.compile("k.cu", "", Device.CPU))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("compiling k.cu needs a CUDA GPU, and cpu is none");
    assertThatThrownBy(() -> Graph.record(Device.CPU, () -> Tensor.of(new float[1], 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("recording a graph needs a CUDA GPU, and cpu is none");
    assertThatThrownBy(Device.CPU::computeCapability)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a compute capability needs a CUDA GPU, and cpu is none");
  }

  @Test
  void theMedianIsOfTheRunsThatCount() {
    int[] runs = new int[1];
    double median = Stopwatch.on(Device.CPU).median(2, 3, () -> runs[0]++);
    assertThat(runs[0]).isEqualTo(5);
    assertThat(median).isNotNegative();
    assertThatThrownBy(() -> Stopwatch.on(Device.CPU).median(0, 0, () -> {}))
        .hasMessage("warmUps must be at least 0 and runs at least 1, not 0 and 0");
  }
}
