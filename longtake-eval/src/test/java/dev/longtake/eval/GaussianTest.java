package dev.longtake.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.testkit.Seeds;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class GaussianTest {
  private static final Offset<Double> EXACT = within(1e-9);
  private static final int SIZE = 6;

  @Test
  void inOneDimensionItIsTheDistanceOfMeansAndDeviations() {
    try (var scope = Scope.open()) {
      var some = gaussian(new float[] {1}, 4);
      var other = gaussian(new float[] {-2}, 25);

      assertThat(some.frechet(other)).isEqualTo(3 * 3 + (5 - 2) * (5 - 2), EXACT);
    }
  }

  @Test
  void ofCovariancesThatDoNotCommuteItIsKnown() {
    try (var scope = Scope.open()) {
      // det = 4 and tr = 6 of the product: its root has the trace sqrt(6 + 2 * sqrt(4)).
      var some = gaussian(new float[] {0, 0}, 2, 1, 1, 1);
      var other = gaussian(new float[] {1, 2}, 1, 0, 0, 4);

      assertThat(some.frechet(other)).isEqualTo(1 + 4 + 3 + 5 - 2 * Math.sqrt(10), EXACT);
    }
  }

  @Test
  void fromItselfItIsNothingAndItIsTheSameBothWays() {
    Seeds.forEach(
        5,
        seed -> {
          try (var scope = Scope.open();
              var rng = Rng.seeded(seed, Device.CPU)) {
            var some = fit(drawn(rng, 50));
            var other = fit(drawn(rng, 50).times(1.5));

            assertThat(some.frechet(some)).isCloseTo(0, EXACT);
            assertThat(some.frechet(other)).isGreaterThan(0.1);
            assertThat(some.frechet(other)).isEqualTo(other.frechet(some), EXACT);
          }
        });
  }

  @Test
  void aShiftAddsItsSquareToTheDistance() {
    Seeds.forEach(
        5,
        seed -> {
          try (var scope = Scope.open();
              var rng = Rng.seeded(seed, Device.CPU)) {
            var some = fit(drawn(rng, 50));
            var other = fit(drawn(rng, 50));
            var there = new Gaussian(some.mean(), other.covariance());
            var moved = new Gaussian(some.mean().plus(0.5), other.covariance());

            assertThat(some.frechet(moved)).isEqualTo(some.frechet(there) + SIZE * 0.25, EXACT);
          }
        });
  }

  @Test
  void turningBothChangesNothing() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(9, Device.CPU)) {
      var some = drawn(rng, 60);
      var other = drawn(rng, 60).times(2).plus(1);
      double c = Math.cos(0.7);
      double s = Math.sin(0.7);
      var turn =
          Tensor.of(new float[] {(float) c, (float) s, (float) -s, (float) c}, 2, 2)
              .to(Dtype.FLOAT64);
      var plane = some.narrow(1, 0, 2);
      var otherPlane = other.narrow(1, 0, 2);

      double straight = fit(plane).frechet(fit(otherPlane));

      assertThat(fit(plane.matmul(turn)).frechet(fit(otherPlane.matmul(turn))))
          .isEqualTo(straight, within(1e-6)); // the turn is FLOAT32
      assertThat(fit(plane.matmul(turn)).frechet(fit(otherPlane)))
          .isNotCloseTo(straight, within(1e-6));
    }
  }

  @Test
  void fewFeaturesOfOneDistributionAreFurtherApartByChance() {
    Seeds.forEach(
        3,
        seed -> {
          try (var scope = Scope.open();
              var rng = Rng.seeded(seed, Device.CPU)) {
            double few = fit(drawn(rng, 200)).frechet(fit(drawn(rng, 200)));
            double many = fit(drawn(rng, 20_000)).frechet(fit(drawn(rng, 20_000)));

            // Chance falls with the number of features, here to a hundredth.
            assertThat(many).isPositive();
            assertThat(few / many).isBetween(20.0, 500.0);
          }
        });
  }

  @Test
  void flatnessIsAsFarAsTheVariance() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(2, Device.CPU)) {
      var some = fit(drawn(rng, 40));
      var flat = new Gaussian(some.mean(), Tensor.zeros(Dtype.FLOAT64, Device.CPU, SIZE, SIZE));

      assertThat(some.variance()).isGreaterThan(1);
      assertThat(some.frechet(flat)).isEqualTo(some.variance(), EXACT);
      assertThat(flat.frechet(some)).isEqualTo(some.variance(), EXACT);
    }
  }

  @Test
  void featuresThatComeInPartsAreFittedAsOne() {
    try (var scope = Scope.open();
        var sum = new GaussianFit(2)) {
      sum.add(Tensor.of(new float[] {1, 10, 2, 20}, 2, 2));
      sum.add(Tensor.of(new float[] {6, 0}, 1, 2));
      var fit = sum.fit();

      assertThat(sum.count()).isEqualTo(3);
      assertThat(fit.mean().toFloats()).containsExactly(3, 10);
      assertThat(fit.covariance().toFloats()).containsExactly(7, -20, -20, 100); // over 3 - 1
    }
  }

  @Test
  void aSingleFeatureHasNoCovariance() {
    try (var scope = Scope.open();
        var sum = new GaussianFit(2)) {
      sum.add(Tensor.of(new float[] {1, 10}, 1, 2));

      assertThatIllegalStateException()
          .isThrownBy(sum::fit)
          .withMessage("a covariance needs at least 2 features, not 1");
    }
  }

  @Test
  void patchesAreTwoByTwoLatentsOfOneFrame() {
    try (var scope = Scope.open()) {
      // Channel, frame, row and column can be read off each number.
      float[] numbers = new float[2 * 3 * 2 * 4];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = 1000 * (i / 24) + 100 * (i / 8 % 3) + 10 * (i / 4 % 2) + i % 4;
      }
      var patches = LatentFeatures.patches(Tensor.of(numbers, 1, 2, 3, 2, 4));

      assertThat(patches.shape()).containsExactly(6, 8);
      assertThat(patches.select(0, 3).toFloats()) // the right one of frame 1
          .containsExactly(102, 103, 112, 113, 1102, 1103, 1112, 1113);
    }
  }

  @Test
  void quartersAreTheBeginningsAndTheEndsOfVideos() {
    try (var scope = Scope.open();
        var features = new LatentFeatures(1)) {
      for (int video = 0; video < 2; video++) {
        float[] numbers = new float[9 * 4];
        for (int i = 0; i < numbers.length; i++) {
          numbers[i] = i / 4; // the frame
        }
        features.add(Tensor.of(numbers, 1, 1, 9, 2, 2));
      }
      assertThat(features.whole().count()).isEqualTo(18);
      assertThat(features.firstQuarter().count()).isEqualTo(4);
      assertThat(features.whole().fit().mean().toFloats()).containsOnly(4);
      assertThat(features.firstQuarter().fit().mean().toFloats()).containsOnly(0.5f);
      assertThat(features.lastQuarter().fit().mean().toFloats()).containsOnly(7.5f);
    }
  }

  /** Features of correlated numbers, FLOAT64. */
  private static Tensor drawn(Rng rng, int count) {
    var free = rng.normal(Dtype.FLOAT32, count, SIZE).to(Dtype.FLOAT64);
    return free.plus(free.flipped(1).times(0.3));
  }

  private static Gaussian fit(Tensor features) {
    try (var sum = new GaussianFit((int) features.size(1))) {
      sum.add(features);
      return sum.fit();
    }
  }

  private static Gaussian gaussian(float[] mean, float... covariance) {
    return new Gaussian(
        Tensor.of(mean, mean.length).to(Dtype.FLOAT64),
        Tensor.of(covariance, mean.length, mean.length).to(Dtype.FLOAT64));
  }
}
