package dev.longtake.distill;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class DmdTest {

  @Test
  void guidanceIsTheScaleThatItIsCalled() {
    try (var scope = Scope.open()) {
      var c = video(3, 0);
      var u = video(1, 2);
      assertThat(Dmd.guided(c, u, 1).toFloats()).containsExactly(3, 0);
      assertThat(Dmd.guided(c, u, 3).toFloats()).containsExactly(7, -4); // not 9, −6
    }
  }

  @Test
  void cleanIsNoisyLessSigmaTimesTheFlow() {
    try (var scope = Scope.open()) {
      var x = video(3, -2);
      var noise = video(5, 4);
      var sigma = Tensor.full(0.25, Dtype.FLOAT32, Device.CPU, 1, 1, 1, 1, 1);
      var noisy = x.times(0.75).plus(noise.times(0.25));
      assertThat(Dmd.clean(noisy, noise.minus(x), sigma)).isCloseTo(x, 1e-6);
    }
  }

  @Test
  void theGradientIsTheDifferenceOverTheMeanDistanceFromTheTeacher() {
    try (var scope = Scope.open()) {
      // mean|x − r| = (|1 − 3| + |2 − (−4)|) / 2 = 4; (f − r) / 4 = (−1/4, 5/4)
      var gradient = Dmd.gradient(video(1, 2), video(2, 1), video(3, -4));
      assertThat(gradient.toFloats()).containsExactly(-0.25f, 1.25f);
    }
  }

  @Test
  void everyVideoHasANormaliserOfItsOwn() {
    try (var scope = Scope.open()) {
      var x = Tensor.of(new float[] {0, 0, 10, 10}, 2, 1, 1, 1, 2);
      var real = Tensor.of(new float[] {2, 2, 14, 18}, 2, 1, 1, 1, 2);
      var fake = Tensor.of(new float[] {1, 3, 8, 12}, 2, 1, 1, 1, 2);
      assertThat(Dmd.gradient(x, fake, real).toFloats()).containsExactly(-0.5f, 0.5f, -1, -1);
    }
  }

  @Test
  void aVideoThatIsTheTeachersHasNoGradientAndABrokenNetworkShows() {
    try (var scope = Scope.open()) {
      var x = video(1, 2);
      assertThat(Dmd.gradient(x, video(5, 5), x).toFloats()).containsExactly(0, 0);
      assertThat(Dmd.gradient(x, video(5, 5), video(Float.NaN, 1)).toFloats()[1]).isNaN();
      assertThat(Dmd.gradient(x, video(Float.NaN, 5), video(0, 0)).toFloats()[0]).isNaN();
    }
  }

  @Test
  void theSurrogatesSlopeIsTheGradientOverTheCount() {
    try (var scope = Scope.open()) {
      var x = video(3, -1).requireGradient(true);
      var gradient = video(0.5f, -2);
      var loss = Dmd.surrogate(x, gradient);
      assertThat(loss.item()).isEqualTo(0.5 * (0.25 + 4) / 2);
      loss.backward();
      assertThat(x.gradient().toFloats()).containsExactly(0.25f, -1);
    }
  }

  @Test
  void followingTheGradientLeadsToTheTeacher() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, Device.CPU)) {
      var real = rng.normal(Dtype.FLOAT32, 2, 1, 3, 2, 2);
      var x = rng.normal(Dtype.FLOAT32, 2, 1, 3, 2, 2);
      double before = x.minus(real).abs().mean().item();
      for (int i = 0; i < 50; i++) {
        // A critic that knows the generator well says x of any noisy copy of x.
        x = x.minus(Dmd.gradient(x, x, real).times(0.05));
      }
      assertThat(x.minus(real).abs().mean().item()).isLessThan(0.2 * before);
    }
  }

  @Test
  void theBestCriticHasEfficiencyOneAndOneHalfwayToItMore() {
    try (var scope = Scope.open()) {
      var x = video(1, 2);
      var noise = video(4, 1); // v = (3, −1)
      var teacher = video(5, -1); // off by (2, 0)
      assertThat(Dmd.efficiency(video(3, -1), teacher, x, noise).item()).isEqualTo(1);
      assertThat(Dmd.efficiency(video(4, -1), teacher, x, noise).item())
          .isEqualTo(3); // (4 − 1) / 1
    }
  }

  @Test
  void whatACriticGetsWrongBesidesCountsAgainstIt() {
    try (var scope = Scope.open()) {
      var x = video(1, 2);
      var noise = video(4, 1);
      var teacher = video(5, -1);
      var besides = video(5, 1); // (4 − (4 + 4)) / 4
      assertThat(Dmd.efficiency(besides, teacher, x, noise).item()).isEqualTo(-1);
    }
  }

  @Test
  void networksThatAgreeHaveNoEfficiencyAndABrokenOneShows() {
    try (var scope = Scope.open()) {
      var x = video(1, 2);
      var same = video(5, -1);
      assertThat(Dmd.efficiency(same, same, x, video(4, 1)).item()).isZero();
      assertThat(Dmd.efficiency(video(Float.NaN, 1), same, x, video(4, 1)).item()).isNaN();
    }
  }

  @Test
  void inTheMeanNoiseCostsACriticWhatKnowledgeBrings() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(2, Device.CPU)) {
      var x = Tensor.zeros(Dtype.FLOAT32, Device.CPU, 4, 1, 3, 40, 40);
      var noise = rng.normal(Dtype.FLOAT32, x.shape()); // v: unpredictable, mean 0
      var best = x;
      var teacher = best.plus(0.5);
      var own = rng.normal(Dtype.FLOAT32, x.shape()).times(0.5);
      assertThat(Dmd.efficiency(best, teacher, x, noise).item()).isCloseTo(1, within(0.1));
      assertThat(Dmd.efficiency(teacher.plus(own), teacher, x, noise).item())
          .isCloseTo(-1, within(0.1));
      assertThat(Dmd.efficiency(best.plus(own), teacher, x, noise).item())
          .isCloseTo(0, within(0.1));
    }
  }

  @Test
  void theCriticsLossIsTheWeightedErrorOfItsFlow() {
    try (var scope = Scope.open()) {
      var x = Tensor.of(new float[] {1, 2}, 2, 1, 1, 1, 1);
      var noise = Tensor.of(new float[] {2, 0}, 2, 1, 1, 1, 1);
      var flow = Tensor.of(new float[] {4, -1}, 2, 1, 1, 1, 1); // off by 3 and by 1
      var weight = Tensor.of(new float[] {2, 4}, 2, 1, 1, 1, 1);
      assertThat(Dmd.critic(flow, x, noise, weight).item())
          .isCloseTo((2 * 9 + 4 * 1) / 2.0, within(1e-6));
    }
  }

  private static Tensor video(float first, float second) {
    return Tensor.of(new float[] {first, second}, 1, 1, 1, 1, 2);
  }
}
