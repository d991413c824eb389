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
import dev.longtake.train.TrainingException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class ErrorExchangeTest {
  private static final int LEVEL = 4;

  @Test
  void duringWarmUpAllDevicesGetTheErrorsOfAllAndLaterTheirOwn() {
    try (var exchange = exchange(0, 2, 1)) {
      offer(exchange, 0, 0, 1);
      offer(exchange, 0, 1, 2);
      assertThat(held(exchange, 1, 0)).containsExactly(1.0, 2.0);
      assertThat(held(exchange, 1, 1)).containsExactly(1.0, 2.0);
      offer(exchange, 1, 0, 3);
      offer(exchange, 1, 1, 4);
      assertThat(held(exchange, 2, 0)).containsExactly(1.0, 2.0, 3.0);
      assertThat(held(exchange, 2, 1)).containsExactly(1.0, 2.0, 4.0);
    }
  }

  @Test
  void errorsOfAStepWaitUntilItIsOverWhoeverIsFaster() {
    try (var exchange = exchange(9, 2, 1)) {
      offer(exchange, 0, 1, 2);
      assertThat(held(exchange, 0, 0)).isEmpty(); // still of this step
      offer(exchange, 0, 0, 1);
      offer(exchange, 1, 1, 4); // a faster device is a step ahead
      assertThat(held(exchange, 1, 0)).containsExactly(1.0, 2.0); // by rank, not by arrival
      assertThat(held(exchange, 2, 0)).containsExactly(1.0, 2.0, 4.0);
    }
  }

  @Test
  void batchesOfOneStepSeeTheSameBanks() {
    try (var exchange = exchange(9, 1, 2)) {
      offer(exchange, 0, 0, 1);
      assertThat(held(exchange, 1, 0)).isEmpty(); // the step's second batch
      offer(exchange, 1, 0, 2);
      assertThat(held(exchange, 2, 0)).containsExactly(1.0, 2.0);
      assertThat(exchange.warmingUp(19)).isTrue();
      assertThat(exchange.warmingUp(20)).isFalse();
    }
  }

  @Test
  void banksComeBackBitForBitAndGoOnAlike() {
    try (var scope = Scope.open();
        var first = exchange(1, 2, 1);
        var second = exchange(1, 2, 1);
        var rng = Rng.seeded(3, Device.CPU)) {
      var errors = Stream.generate(() -> rng.normal(Dtype.FLOAT32, 2)).limit(24).toList();
      for (int step = 0; step < 5; step++) {
        offer(first, step, 0, errors.get(2 * step));
        offer(first, step, 1, errors.get(2 * step + 1));
      }
      var saved = copies(first.tensors());
      second.restore(saved);
      requireSame(second.tensors(), saved);
      for (int step = 5; step < 12; step++) {
        for (var exchange : List.of(first, second)) {
          offer(exchange, step, 0, errors.get(2 * step));
          offer(exchange, step, 1, errors.get(2 * step + 1));
        }
      }
      requireSame(second.tensors(), first.tensors());
      assertThat(first.tensors())
          .hasSizeGreaterThan(saved.size() - 1)
          .containsKey("errors.1.inserted");
    }
  }

  @Test
  void errorsOfOtherDevicesOrLevelsAreRefusedInOneLine() {
    try (var scope = Scope.open();
        var two = exchange(1, 2, 1);
        var one = exchange(1, 1, 1)) {
      assertThatThrownBy(() -> one.restore(two.tensors()))
          .isInstanceOf(TrainingException.class)
          .hasMessage(
              "the checkpoint holds the errors of 2 devices, this run has 1; go on with as many, or"
                  + " give another output folder");
      var coarse = new ErrorBanks.Config(10, 5, 3, 64, Replacement.FIFO, Dtype.FLOAT32);
      try (var other = new ErrorExchange(coarse, 1, 1, 1, 1, 2)) {
        assertThatThrownBy(() -> other.restore(one.tensors()))
            .isInstanceOf(TrainingException.class)
            .hasMessageContaining("other noise levels than the 10 of banks.levels");
      }
    }
  }

  @Test
  void errorsOfAnotherShapeOrMoreThanFitAreRefusedInOneLine() {
    try (var scope = Scope.open();
        var two = exchange(1, 1, 1);
        var wider = exchange(1, 1, 1, 3, 4);
        var smaller = exchange(1, 1, 1, 1, 2)) {
      offer(two, 0, 0, 1);
      offer(two, 1, 0, 2);
      var saved = two.tensors();
      assertThatThrownBy(() -> wider.restore(saved))
          .isInstanceOf(TrainingException.class)
          .hasMessageContaining("this run has FLOAT32 of shape [4]; give another output folder");
      assertThatThrownBy(() -> smaller.restore(saved))
          .isInstanceOf(TrainingException.class)
          .hasMessageContaining("holds 2 errors at a level, banks.per_level and megabytes leave");
    }
  }

  private static ErrorExchange exchange(long warmup, int devices, int batches) {
    return exchange(warmup, devices, batches, 3, 2);
  }

  private static ErrorExchange exchange(
      long warmup, int devices, int batches, int perLevel, long... shape) {
    var config = new ErrorBanks.Config(50, 5, perLevel, 64, Replacement.RANDOM, Dtype.FLOAT32);
    return new ErrorExchange(config, 8, warmup, devices, batches, shape);
  }

  private static void offer(ErrorExchange exchange, long batch, int from, double value) {
    try (var scope = Scope.open()) {
      offer(exchange, batch, from, Tensor.full(value, Dtype.FLOAT32, Device.CPU, 2));
    }
  }

  private static void offer(ErrorExchange exchange, long batch, int from, Tensor error) {
    exchange.offer(
        batch,
        from,
        List.of(new PassErrors(LEVEL, Scope.escape(error.copy()), Scope.escape(error.negated()))));
  }

  private static List<Double> held(ErrorExchange exchange, long batch, int rank) {
    try (var scope = Scope.open()) {
      return exchange.before(batch, rank).errors(ErrorKind.NOISE_END, LEVEL).stream()
          .map(error -> error.mean().item())
          .toList();
    }
  }

  private static Map<String, Tensor> copies(Map<String, Tensor> tensors) {
    var copies = new LinkedHashMap<String, Tensor>();
    tensors.forEach((name, tensor) -> copies.put(name, tensor.copy()));
    return copies;
  }

  private static void requireSame(Map<String, Tensor> actual, Map<String, Tensor> expected) {
    assertThat(actual.keySet()).containsExactlyElementsOf(expected.keySet());
    actual.forEach((name, tensor) -> assertThat(tensor).isBitwiseEqualTo(expected.get(name)));
  }
}
