package dev.longtake.tensor;

import org.bytedeco.pytorch.global.torch;

/**
 * A symmetric matrix taken apart: {@code S = V diag(λ) Vᵀ}. D: its rows and columns.
 *
 * @param values λ, smallest first
 * @param vectors V, one in each column, orthonormal
 */
public record Eigen(@Axes("D") Tensor values, @Axes("D D") Tensor vectors) {

  /**
   * Takes a symmetric matrix apart, in its own type; only the lower triangle is read.
   *
   * @param symmetric FLOAT32 or FLOAT64
   * @return both owned by the caller's scope
   * @throws TensorException if it is not square, of another type, or holds what is not finite
   */
  public static Eigen of(@Axes("D D") Tensor symmetric) {
    try (var scope = Scope.open()) {
      var pair = torch.linalg_eigh(symmetric.handle);
      return new Eigen(
          scope.keep(new Tensor(new org.bytedeco.pytorch.Tensor(pair.get0()))),
          scope.keep(new Tensor(new org.bytedeco.pytorch.Tensor(pair.get1()))));
    } catch (RuntimeException e) {
      throw TensorException.of("eigen", e, symmetric);
    }
  }

  /** {@code V diag(√λ) Vᵀ}, the root of a matrix without negative values; those are taken as 0. */
  public @Axes("D D") Tensor root() {
    try (var scope = Scope.open()) {
      return scope.keep(vectors.times(values.clampMin(0).sqrt()).matmul(vectors.transpose(0, 1)));
    }
  }
}
