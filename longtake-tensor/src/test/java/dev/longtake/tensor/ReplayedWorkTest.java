package dev.longtake.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReplayedWorkTest {
  private final List<Integer> replays = new ArrayList<>(); // one entry for each recording
  private int closed;
  private final ReplayedWork work = new ReplayedWork(this::record);

  private Recorder.Recording record(Supplier<Tensor> given) {
    given.get();
    int number = replays.size();
    replays.add(0);
    return new Recorder.Recording() {
      @Override
      public Tensor replay() {
        replays.set(number, replays.get(number) + 1);
        return given.get();
      }

      @Override
      public void close() {
        closed++;
      }
    };
  }

  @AfterEach
  void close() {
    work.close();
  }

  @Test
  void workIsRecordedWhenItIsMetAgainAndReplayedWithOtherNumbersFromThenOn() {
    try (var scope = Scope.open()) {
      for (int i = 0; i < 4; i++) {
        try (var inner = Scope.open()) { // what is given does not stay
          var x = Tensor.of(new float[] {i, 2}, 2);
          assertThat(twice("a", x).toFloats()).containsExactly(2 * i, 4);
        }
      }
      assertThat(replays).containsExactly(2);
    }
  }

  @Test
  void otherWorkSizesAndTypesHaveRecordingsOfTheirOwn() {
    try (var scope = Scope.open()) {
      for (int i = 0; i < 3; i++) {
        twice("a", Tensor.of(new float[] {i, 2}, 2));
        twice("a", Tensor.of(new float[] {i, 2, 3}, 3));
        twice("b", Tensor.of(new float[] {i, 2}, 2));
        twice("b", Tensor.of(new long[] {i, 2}, 2));
      }
      assertThat(replays).containsExactly(1, 1, 1, 1);
      work.close();
      assertThat(closed).isEqualTo(4);
    }
  }

  @Test
  void resultsOfEarlierRunsStay() {
    try (var scope = Scope.open()) {
      var made = new ArrayList<Tensor>();
      for (int i = 0; i < 4; i++) {
        made.add(twice("a", Tensor.of(new float[] {i}, 1)));
      }
      for (int i = 0; i < 4; i++) {
        assertThat(made.get(i).item()).isEqualTo(2.0 * i);
      }
    }
  }

  @Test
  void gradientsAreAddedOnceInEveryRun() {
    try (var scope = Scope.open()) {
      var weight = Tensor.of(new float[] {3}, 1).requireGradient(true);
      var gradient = Tensor.zeros(Dtype.FLOAT32, Device.CPU, 1);
      weight.gradientInto(gradient);
      double sum = 0;
      for (int i = 1; i < 6; i++) {
        var x = Tensor.of(new float[] {i}, 1);
        var loss =
            work.run(
                "loss",
                List.of(x),
                given -> {
                  try (var inner = Scope.open();
                      var on = Gradients.on()) {
                    var made = weight.times(given.getFirst()).sum();
                    made.backward();
                    return inner.keep(made.detach());
                  }
                });
        sum += i;
        assertThat(loss.item()).isEqualTo(3.0 * i);
        assertThat(gradient.item()).isEqualTo(sum);
      }
      assertThat(replays).containsExactly(3);
    }
  }

  @Test
  void workThatFailsToBeRecordedIsMetAnew() {
    try (var scope = Scope.open()) {
      var x = Tensor.of(new float[] {1}, 1);
      twice("a", x);
      assertThatThrownBy(
              () ->
                  work.run(
                      "a",
                      List.of(x),
                      given -> {
                        throw new IllegalStateException("no");
                      }))
          .hasMessage("no");
      assertThat(twice("a", x).item()).isEqualTo(2);
      assertThat(replays).containsExactly(0);
    }
  }

  private Tensor twice(String use, Tensor x) {
    return work.run(use, List.of(x), given -> given.getFirst().times(2));
  }
}
