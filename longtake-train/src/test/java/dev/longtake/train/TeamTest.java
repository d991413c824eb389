package dev.longtake.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.nn.Init;
import dev.longtake.nn.Weights;
import dev.longtake.optim.FlatParameters;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class TeamTest {
  private static final List<Device> TWO_MORE = List.of(Device.CPU, Device.CPU);

  /** Of the rank r: (r + 1) · Σ w², whose gradient is 2 (r + 1) w. */
  private record Scaled(Weights weights, Tensor weight, int rank, List<Integer> closed)
      implements Team.Member {
    static Scaled of(FlatParameters own, int rank, List<Integer> closed) {
      var weights = Weights.from(own);
      return new Scaled(weights, weights.take("w", Init.ONES, 3), rank, closed);
    }

    @Override
    public Objective objective() {
      return (step, rng) -> {
        try (var scope = Scope.open()) {
          var loss = weight.square().sum().times(rank + 1);
          return new Objective.Loss(scope.keep(loss), Map.of());
        }
      };
    }

    @Override
    public void close() {
      weights.close();
      closed.add(rank);
    }
  }

  @Test
  void theGradientIsTheMeanOverAllMembersAtTheCurrentWeights() {
    var closed = Collections.synchronizedList(new ArrayList<Integer>());
    try (var scope = Scope.open();
        var parameters = weights()) {
      try (var team = Team.of(parameters, TWO_MORE, (own, rank) -> Scaled.of(own, rank, closed))) {
        for (int step = 0; step < 3; step++) {
          var loss = team.backward(1, step);
          float[] now = parameters.values().toFloats();
          assertThat(parameters.gradients().toFloats())
              .containsExactly(4 * now[0], 4 * now[1], 4 * now[2]); // the mean of 2, 4 and 6
          assertThat(loss.total().item()).isEqualTo(sumOfSquares(now));
          parameters.values().plusInPlace(Tensor.of(new float[] {1, 2, 4}, 3), 1);
        }
      }
    }
    assertThat(closed).containsExactlyInAnyOrder(0, 1, 2);
  }

  @Test
  void membersDrawDifferentNumbersAndTheSameOnesAgain() {
    var seen = Collections.synchronizedList(new ArrayList<Double>());
    try (var scope = Scope.open();
        var parameters = weights();
        var team = Team.of(parameters, TWO_MORE, (own, rank) -> drawing(own, seen))) {
      team.backward(1, 7);
      team.backward(1, 7);
      team.backward(1, 8);
    }
    assertThat(seen.subList(0, 3)).doesNotHaveDuplicates();
    assertThat(seen.subList(3, 6)).containsExactlyInAnyOrderElementsOf(seen.subList(0, 3));
    assertThat(seen.subList(6, 9)).doesNotContainAnyElementsOf(seen.subList(0, 3));
  }

  private static Team teamOfWhom(int which, Team.Member failing, FlatParameters parameters) {
    return Team.of(
        parameters,
        TWO_MORE,
        (own, rank) -> rank == which ? failing : Scaled.of(own, rank, new ArrayList<>()));
  }

  @Test
  void whatAMemberThrowsReachesTheLoop() {
    try (var scope = Scope.open();
        var parameters = weights();
        var team = teamOfWhom(2, failing(new TrainingException("no clip")), parameters)) {
      assertThatThrownBy(() -> team.backward(1, 0))
          .isInstanceOf(TrainingException.class)
          .hasMessage("no clip");
    }
  }

  @Test
  void aHeapThatIsTooSmallForAMemberIsToldAsThat() {
    try (var scope = Scope.open();
        var parameters = weights();
        var team = teamOfWhom(1, failing(new OutOfMemoryError("pictures")), parameters)) {
      assertThatThrownBy(() -> team.backward(1, 0))
          .isInstanceOf(OutOfMemoryError.class)
          .hasMessage("pictures");
    }
  }

  @Test
  void aMemberThatCannotBeMadeLeavesNothingBehind() {
    var closed = Collections.synchronizedList(new ArrayList<Integer>());
    try (var scope = Scope.open();
        var parameters = weights()) {
      assertThatThrownBy(
              () ->
                  Team.of(
                      parameters,
                      TWO_MORE,
                      (own, rank) -> {
                        if (rank == 1) {
                          throw new TrainingException("no room");
                        }
                        return Scaled.of(own, rank, closed);
                      }))
          .isInstanceOf(TrainingException.class)
          .hasMessage("no room");
    }
    assertThat(closed).containsExactlyInAnyOrder(0, 2);
  }

  private static Team.Member drawing(FlatParameters own, List<Double> seen) {
    var scaled = Scaled.of(own, 0, new ArrayList<>());
    return member(
        (step, rng) -> {
          try (var scope = Scope.open()) {
            seen.add(rng.normal(Dtype.FLOAT32, 1).sum().item());
            var loss = scaled.weight().sum();
            return new Objective.Loss(scope.keep(loss), Map.of());
          }
        },
        scaled::close);
  }

  private static Team.Member failing(RuntimeException problem) {
    return member(
        (step, rng) -> {
          throw problem;
        },
        () -> {});
  }

  private static Team.Member failing(Error problem) {
    return member(
        (step, rng) -> {
          throw problem;
        },
        () -> {});
  }

  private interface Closing {
    void close();
  }

  private static Team.Member member(Objective objective, Closing closing) {
    return new Team.Member() {
      @Override
      public Objective objective() {
        return objective;
      }

      @Override
      public void close() {
        closing.close();
      }
    };
  }

  private static double sumOfSquares(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value * value;
    }
    return sum;
  }

  private static FlatParameters weights() {
    try (var scope = Scope.open()) {
      return FlatParameters.copyOf(Map.of("w", Tensor.of(new float[] {1, -2, 3}, 3)), Device.CPU);
    }
  }
}
