package dev.longtake.train;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.nn.Init;
import dev.longtake.nn.Weights;
import dev.longtake.optim.AdamW;
import dev.longtake.optim.FlatParameters;
import dev.longtake.optim.RateSchedule;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.vae.WanVae;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class AccumulationTest {
  private static final int BATCHES = 4;

  /** The autoencoder's reconstruction of given clips, without anything random. */
  private static Objective reconstruction(WanVae vae, List<Integer> clips) {
    return (step, rng) -> {
      try (var scope = Scope.open()) {
        var video = Tensor.cat(clips.stream().map(i -> Tiny.clip(i)).toList(), 0);
        var error = vae.decode(vae.encode(video)).minus(video).square().mean();
        return new Objective.Loss(scope.keep(error), Map.of("mse", scope.keep(error.detach())));
      }
    };
  }

  @Test
  void severalBatchesOneAfterTheOtherAreOneLargeBatch() {
    try (var scope = Scope.open();
        var flat = Tiny.vaeParameters(2);
        var weights = Weights.from(flat);
        var vae = WanVae.of(Tiny.VAE, weights)) {
      var all = IntStream.range(0, BATCHES).boxed().toList();
      Tensor whole;
      double loss;
      try (var team = Team.alone(flat, reconstruction(vae, all))) {
        loss = team.backward(1, 0).total().item();
        whole = flat.gradients().copy();
      }
      Objective one =
          (step, rng) -> reconstruction(vae, List.of((int) (step % BATCHES))).at(step, rng);
      try (var team = Team.alone(flat, one)) {
        var mean = team.backward(1, 3, BATCHES);
        assertThat(flat.gradients()).isCloseTo(whole, 1e-5);
        assertThat(mean.total().item()).isEqualTo(loss, within(1e-6));
        assertThat(mean.parts().get("mse").item()).isEqualTo(loss, within(1e-6));
        assertThat(mean.total().requiresGradient()).isFalse();
      }
      // The comparison would also hold if batches were left out that are all alike.
      try (var team = Team.alone(flat, one)) {
        team.backward(1, 3, BATCHES - 1);
        assertThat(flat.gradients().minus(whole).abs().max().item()).isPositive();
      }
    }
  }

  @Test
  void everyMemberOfATeamGoesThroughBatchesOfItsOwn() {
    var seen = Collections.synchronizedList(new ArrayList<String>());
    var drawn = Collections.synchronizedList(new ArrayList<Double>());
    try (var scope = Scope.open();
        var flat = two();
        var team =
            Team.of(
                flat,
                List.of(Device.CPU),
                (own, rank) ->
                    member(
                        own,
                        (step, rng) -> {
                          seen.add(rank + ":" + step);
                          try (var inner = Scope.open()) {
                            drawn.add(rng.normal(Dtype.FLOAT32, 1).sum().item());
                          }
                          return 10 * rank + step;
                        }))) {
      var loss = team.backward(1, 5, 3); // batches 15, 16, 17 of each
      assertThat(seen).containsExactlyInAnyOrder("0:15", "0:16", "0:17", "1:15", "1:16", "1:17");
      assertThat(drawn).doesNotHaveDuplicates();
      assertThat(flat.gradients().toFloats()).containsExactly(21, 21); // the mean of 16 and 26
      assertThat(loss.total().item()).isEqualTo(16 * 3, within(1e-4)); // w = (1, 2)
    }
  }

  @Test
  void aPartThatOnlySomeBatchesHaveIsAveragedOverThose() {
    try (var scope = Scope.open();
        var flat = two();
        var team =
            Team.alone(
                flat,
                (step, rng) -> {
                  try (var inner = Scope.open()) {
                    var part = inner.keep(number(step));
                    var loss = inner.keep(flat.values().sum().times(0).plus(1));
                    loss.requireGradient(true);
                    return new Objective.Loss(
                        loss, step % 2 == 0 ? Map.of("even", part) : Map.of("odd", part));
                  }
                })) {
      var parts = team.backward(1, 0, 3).parts();
      assertThat(parts.get("even").item()).isEqualTo(1);
      assertThat(parts.get("odd").item()).isEqualTo(1);
    }
  }

  @Test
  void aBrokenGradientOfAnyBatchOfAnyMemberEndsTheRunNamingStepAndWeight() {
    for (int broken = 0; broken < 2; broken++) {
      int which = broken;
      try (var scope = Scope.open();
          var flat = two();
          var loop = new TrainingLoop(config(2), flat);
          var team =
              Team.of(
                  flat,
                  List.of(Device.CPU),
                  (own, rank) ->
                      member(
                          own,
                          (step, rng) -> rank == which && step == 2 * 3 + 1 ? Double.NaN : 1))) {
        assertThatThrownBy(
                () ->
                    loop.run(
                        team,
                        9,
                        (state, values) -> {},
                        (step, steps, values) -> assertThat(step).isLessThan(3)))
            .isInstanceOf(TrainingException.class)
            .hasMessageContaining("step 3: ")
            .hasMessageContaining("is NaN, the gradient of w is not finite;")
            .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
      }
    }
  }

  @Test
  void recomputedActivationsChangeNoBitOfTheTrainedWeights() {
    try (var scope = Scope.open()) {
      var causal = trainedCausal(Activations.KEPT);
      assertThat(trainedCausal(Activations.RECOMPUTED)).isBitwiseEqualTo(causal);
      var vae = trainedVae(Activations.KEPT);
      assertThat(trainedVae(Activations.RECOMPUTED)).isBitwiseEqualTo(vae);
      assertThat(causal).isFinite();
      assertThat(vae).isFinite();
    }
  }

  private static Tensor trainedCausal(Activations activations) {
    try (var scope = Scope.open();
        var footage = Tiny.footage(1, 3, 18, Tiny.MEMORY);
        var flat = Tiny.causalParameters(2);
        var weights = Weights.from(flat);
        var loop = new TrainingLoop(config(2), flat)) {
      var curriculum = new Curriculum(3, 24, new Curriculum.Shares(0.2, 0.2, 0.3, 0, 0), 6);
      var networks = Tiny.Causal.of(weights);
      var objective =
          activations.of(
              passage ->
                  new Tiny.Causal(networks.model().through(passage), networks.text())
                      .objective(footage, curriculum));
      loop.run(objective, 4, (state, values) -> {}, (step, steps, values) -> {});
      return scope.keep(flat.values().copy());
    }
  }

  private static Tensor trainedVae(Activations activations) {
    try (var scope = Scope.open();
        var flat = Tiny.vaeParameters(2);
        var weights = Weights.from(flat);
        var vae = WanVae.of(Tiny.VAE, weights);
        var loop = new TrainingLoop(config(1), flat)) {
      var objective =
          activations.of(
              passage -> new VaeObjective(vae.through(passage), Tiny::clip, Dtype.FLOAT32, 1e-3));
      loop.run(objective, 3, (state, values) -> {}, (step, steps, values) -> {});
      return scope.keep(flat.values().copy());
    }
  }

  private interface Factor {
    double at(long step, Rng rng);
  }

  /** The sum of the weights times a factor, which is the gradient of each. */
  private static Team.Member member(FlatParameters own, Factor factor) {
    var weights = Weights.from(own);
    var w = weights.take("w", Init.ONES, 2);
    return new Team.Member() {
      @Override
      public Objective objective() {
        return (step, rng) -> {
          try (var scope = Scope.open()) {
            var loss = w.sum().times(factor.at(step, rng));
            return new Objective.Loss(scope.keep(loss), Map.of());
          }
        };
      }

      @Override
      public void close() {
        weights.close();
      }
    };
  }

  private static TrainingConfig config(int accumulate) {
    return new TrainingConfig(
        5,
        9,
        new RateSchedule(1e-2, 2, 9, 0.1),
        new AdamW.Config(0.9, 0.99, 1e-8, 0.01),
        1,
        0.9,
        1,
        9,
        accumulate,
        2,
        "");
  }

  private static Tensor number(double value) {
    return Tensor.full(value, Dtype.FLOAT32, Device.CPU);
  }

  private static FlatParameters two() {
    try (var scope = Scope.open()) {
      return FlatParameters.copyOf(Map.of("w", Tensor.of(new float[] {1, 2}, 2)), Device.CPU);
    }
  }
}
