package dev.longtake.eval;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Eigen;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/**
 * A normal distribution of vectors of D numbers.
 *
 * @param mean FLOAT64
 * @param covariance FLOAT64, symmetric, without negative eigenvalues
 */
record Gaussian(@Axes("D") Tensor mean, @Axes("D D") Tensor covariance) {

  /**
   * The squared Fréchet distance of two normal distributions, {@code |μ₁ − μ₂|² + Tr(Σ₁ + Σ₂ −
   * 2(Σ₁Σ₂)^½)}: Heusel et al. (2017), equation 6; Dowson and Landau (1982).
   *
   * <p>{@code Σ₁Σ₂} is not symmetric, but has the eigenvalues of {@code Σ₁^½ Σ₂ Σ₁^½}, which is.
   *
   * @return at least 0, in the features' unit squared
   */
  double frechet(Gaussian other) {
    try (var scope = Scope.open()) {
      var root = Eigen.of(covariance).root();
      var between = root.matmul(other.covariance).matmul(root);
      var symmetric = between.plus(between.transpose(0, 1)).times(0.5);
      double overlap = Eigen.of(symmetric).values().clampMin(0).sqrt().sum().item();
      double shift = mean.minus(other.mean).square().sum().item();
      // Equal distributions come out a rounding below 0 as often as above.
      return Math.max(0, shift + variance() + other.variance() - 2 * overlap);
    }
  }

  /** {@code Tr(Σ)}: the mean squared distance from the mean, and the Fréchet distance from it. */
  double variance() {
    try (var scope = Scope.open()) {
      return covariance.trace().item();
    }
  }
}
