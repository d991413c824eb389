package dev.longtake.teacher;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.testkit.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(LeakGuard.class)
class ErrorBanksTest {

  @ParameterizedTest
  @CsvSource({
    "1000, 0",
    "998, 0",
    "997.9, 1",
    "995.935, 1",
    "833.333, 25",
    "500, 42",
    "487.805, 42",
    "92.593, 49",
    "4.98, 49",
    "0, 49"
  })
  void theGridIsThe50StepsOfTheSampler(double timestep, int level) { // O.3
    try (var banks = new ErrorBanks(TinyTeacher.BANKS, 4)) {
      assertThat(banks.level(timestep)).isEqualTo(level);
    }
  }

  @Test
  void bothErrorsOfAPassGoToTheBanksOfItsLevel() {
    try (var scope = Scope.open();
        var banks = new ErrorBanks(TinyTeacher.BANKS, 4)) {
      banks.insert(TinyTeacher.errors(7, 1, 2, 4), dice());
      assertThat(banks.errors(ErrorKind.NOISE_END, 7).getFirst().toFloats()).containsOnly(1);
      assertThat(banks.errors(ErrorKind.CLEAN_END, 7).getFirst().toFloats()).containsOnly(2);
      assertThat(banks.errors(ErrorKind.CLEAN_END, 8)).isEmpty();
      assertThat(banks.pick(ErrorKind.NOISE_END, 6, dice())).isEmpty();
      assertThat(banks.pick(ErrorKind.CLEAN_END, 7, dice())).isPresent();
      assertThat(banks.pick(ErrorKind.CLEAN_END, dice())).isPresent();
    }
  }

  @Test
  void theOldestGivesWayFirstInFirstOut() {
    assertThat(after(Replacement.FIFO, 1, 2, 3, 4, 5)).containsExactly(4.0, 5.0, 3.0);
    assertThat(after(Replacement.FIFO, 1, 2, 3, 4, 5, 6, 7)).containsExactly(7.0, 5.0, 6.0);
  }

  @Test
  void theNearestByEuclideanDistanceGivesWay() {
    for (var replacement : List.of(Replacement.L2_BATCH, Replacement.L2_SIMILARITY)) {
      assertThat(after(replacement, 1, 5, 9, 6)).containsExactly(1.0, 6.0, 9.0);
      assertThat(after(replacement, 1, 5, 9, 100)).containsExactly(1.0, 5.0, 100.0);
      assertThat(after(replacement, 1, 5, 9, 3)).containsExactly(3.0, 5.0, 9.0); // the first of two
    }
  }

  @Test
  void anyGivesWayAndEachInTime() {
    var seen = new ArrayList<Integer>();
    try (var scope = Scope.open()) {
      var stored = List.of(full(1), full(2), full(3));
      var dice = dice();
      for (int i = 0; i < 60; i++) {
        seen.add(Replacement.RANDOM.choose(stored, full(0), 0, dice));
      }
    }
    assertThat(seen).contains(0, 1, 2).allMatch(i -> i >= 0 && i < 3);
  }

  @Test
  void bothWaysToTheNearestChooseTheSame() {
    Seeds.forEach(
        20,
        seed -> {
          try (var scope = Scope.open();
              var rng = Rng.seeded(seed, Device.CPU)) {
            var stored = new ArrayList<Tensor>();
            for (int i = 0; i < 9; i++) {
              stored.add(rng.normal(Dtype.FLOAT32, 2, 3, 2));
            }
            var fresh = rng.normal(Dtype.FLOAT32, 2, 3, 2);
            assertThat(Replacement.L2_BATCH.choose(stored, fresh, 0, dice()))
                .isEqualTo(Replacement.L2_SIMILARITY.choose(stored, fresh, 0, dice()));
          }
        });
  }

  @Test
  void theCapIsTheSmallerOfNumberAndMemory() {
    // 2 x 50 banks of errors of 256 FLOAT32 numbers: 100 KiB for one in each.
    var config = new ErrorBanks.Config(50, 5, 500, 1, Replacement.FIFO, Dtype.FLOAT32);
    assertThat(config.capacity(256)).isEqualTo(10);
    assertThat(TinyTeacher.BANKS.capacity(256)).isEqualTo(3);
    // A published size: 210 GB for 500, of two banks of 50 levels.
    var published = new ErrorBanks.Config(50, 5, 500, 210_000, Replacement.FIFO, Dtype.BFLOAT16);
    assertThat(published.capacity(16L * 21 * 60 * 104)).isEqualTo(500);
    var less = new ErrorBanks.Config(50, 5, 500, 8192, Replacement.FIFO, Dtype.BFLOAT16);
    assertThat(less.capacity(16L * 21 * 60 * 104)).isEqualTo(20);
    assertThatThrownBy(() -> config.capacity(4096))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("megabytes is 1, one error in each of 2 x 50 banks needs 2");
  }

  @Test
  void theSameDiceGiveTheSameBanks() {
    for (var replacement : Replacement.values()) {
      assertThat(after(replacement, 1, 5, 9, 6, 2, 8))
          .isEqualTo(after(replacement, 1, 5, 9, 6, 2, 8));
    }
  }

  @Test
  void anErrorOfAnotherShapeOrTypeIsRefused() {
    try (var scope = Scope.open();
        var banks = new ErrorBanks(TinyTeacher.BANKS, 4)) {
      assertThatThrownBy(() -> banks.insert(TinyTeacher.errors(7, 1, 2, 2, 2), dice()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("is no FLOAT32 error of shape [4]");
      var half = full(1).to(Dtype.BFLOAT16);
      assertThatThrownBy(() -> banks.insert(new PassErrors(7, half, half), dice()))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void badNumbersAreRefusedInOneLine() {
    assertThatThrownBy(() -> new ErrorBanks.Config(0, 5, 1, 1, Replacement.FIFO, Dtype.FLOAT32))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("levels, per_level and megabytes of at least 1");
    assertThatThrownBy(() -> new ErrorBanks.Config(1, 5, 1, 1, Replacement.FIFO, Dtype.INT64))
        .hasMessageContaining("a real dtype, not 1, 1, 1, 5.0 and INT64");
  }

  /** A bank of three after these errors, in its order. */
  private static List<Double> after(Replacement replacement, double... values) {
    var config = new ErrorBanks.Config(50, 5, 3, 64, replacement, Dtype.FLOAT32);
    try (var scope = Scope.open();
        var banks = new ErrorBanks(config, 2, 2)) {
      var dice = dice();
      for (double value : values) {
        banks.insert(TinyTeacher.errors(4, value, value, 2, 2), dice);
      }
      var noise = banks.errors(ErrorKind.NOISE_END, 4).stream().map(t -> t.mean().item()).toList();
      if (replacement != Replacement.RANDOM) {
        for (int i = 0; i < noise.size(); i++) {
          assertThat(banks.errors(ErrorKind.CLEAN_END, 4).get(i))
              .isBitwiseEqualTo(banks.errors(ErrorKind.NOISE_END, 4).get(i));
        }
      }
      return noise;
    }
  }

  private static Tensor full(double value) {
    return Tensor.full(value, Dtype.FLOAT32, Device.CPU, 2);
  }

  private static SplittableRandom dice() {
    return new SplittableRandom(11);
  }
}
