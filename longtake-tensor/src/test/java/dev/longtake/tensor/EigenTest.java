package dev.longtake.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class EigenTest {
  private static final int SIZE = 40;

  @Test
  void valuesOfAKnownMatrixComeSmallestFirst() {
    try (var scope = Scope.open()) {
      var eigen = Eigen.of(Tensor.of(new float[] {2, 1, 1, 2}, 2, 2).to(Dtype.FLOAT64));

      assertThat(eigen.values().dtype()).isEqualTo(Dtype.FLOAT64);
      assertThat(eigen.values().toFloats()).containsExactly(1, 3);
    }
  }

  @Test
  void theRootTimesItselfIsTheMatrix() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(3, Device.CPU)) {
      var half = rng.normal(Dtype.FLOAT32, SIZE, SIZE / 2).to(Dtype.FLOAT64);
      var matrix = half.matmul(half.transpose(0, 1)); // of half the rank

      var root = Eigen.of(matrix).root();

      assertThat(largest(root.minus(root.transpose(0, 1)))).isLessThan(1e-12);
      assertThat(largest(root.matmul(root).minus(matrix))).isLessThan(1e-10);
      assertThat(largest(root.minus(matrix))).isGreaterThan(1);
    }
  }

  @Test
  void vectorsAreOrthonormal() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(4, Device.CPU)) {
      var half = rng.normal(Dtype.FLOAT32, SIZE, SIZE).to(Dtype.FLOAT64);
      var vectors = Eigen.of(half.plus(half.transpose(0, 1))).vectors();

      var product = vectors.transpose(0, 1).matmul(vectors);

      assertThat(product.sum().item()).isCloseTo(SIZE, within(1e-9));
      assertThat(largest(product)).isLessThan(1 + 1e-12);
    }
  }

  @Test
  void nothingIsLeftOpen() {
    try (var scope = Scope.open()) {
      var matrix = Tensor.of(new float[] {2, 1, 1, 2}, 2, 2);
      Eigen.of(matrix).values().close();
      long handles = NativeMemory.liveHandles();
      try (var inner = Scope.open()) {
        assertThat(largest(Eigen.of(matrix).root())).isPositive();
      }
      assertThat(NativeMemory.liveHandles()).isEqualTo(handles);
    }
  }

  @Test
  void aMatrixThatIsNotSquareIsNamed() {
    try (var scope = Scope.open()) {
      var oblong = Tensor.zeros(Dtype.FLOAT64, Device.CPU, 2, 3);

      assertThatThrownBy(() -> Eigen.of(oblong))
          .isInstanceOf(TensorException.class)
          .hasMessageContaining("eigen failed on [2, 3] FLOAT64 on cpu");
    }
  }

  private static double largest(Tensor difference) {
    return difference.abs().max().item();
  }
}
