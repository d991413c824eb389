package dev.longtake.eval;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/**
 * Fits a {@link Gaussian} to features as they come: it holds D + D² sums, however many there are.
 *
 * <p>Sums are FLOAT64 on the processor. They lose digits where means are very much larger than
 * deviations, which those of normalised latents are not.
 */
final class GaussianFit implements AutoCloseable {
  private final int size;
  private final @Axes("D") Tensor sum;
  private final @Axes("D D") Tensor products;
  private long count;

  /** Of nothing yet, for features of so many numbers. */
  GaussianFit(int size) {
    this.size = size;
    try (var scope = Scope.open()) {
      sum = Scope.escape(Tensor.zeros(Dtype.FLOAT64, Device.CPU, size));
      products = Scope.escape(Tensor.zeros(Dtype.FLOAT64, Device.CPU, size, size));
    }
  }

  /** Takes in features, of any type and on any device. */
  void add(@Axes("N D") Tensor features) {
    try (var scope = Scope.open()) {
      var exact = features.to(Device.CPU).to(Dtype.FLOAT64);
      sum.plusInPlace(exact.sum(0).reshape(size), 1);
      products.plusInPlace(exact.transpose(0, 1).matmul(exact), 1);
      count += features.size(0);
    }
  }

  /** Numbers of a feature. */
  int size() {
    return size;
  }

  /** How many features there are. */
  long count() {
    return count;
  }

  /**
   * Mean and unbiased covariance, owned by the caller's scope.
   *
   * @throws IllegalStateException with fewer than 2 features, which have no covariance
   */
  Gaussian fit() {
    if (count < 2) {
      throw new IllegalStateException("a covariance needs at least 2 features, not " + count);
    }
    try (var scope = Scope.open()) {
      var mean = sum.dividedBy(count);
      var ofMean = mean.unsqueeze(1).matmul(mean.unsqueeze(0)).times(count);
      var covariance = products.minus(ofMean).dividedBy(count - 1);
      return new Gaussian(scope.keep(mean), scope.keep(covariance));
    }
  }

  @Override
  public void close() {
    sum.close();
    products.close();
  }
}
