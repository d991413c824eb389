package dev.longtake.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.checkpoint.Safetensors;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.Fixtures;
import dev.longtake.testkit.TensorAssert;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The schedule against the published implementation's tables. */
class ScheduleParityTest {

  @ParameterizedTest
  @ValueSource(ints = {5, 8})
  void tablesLookUpsAndNoisingMatch(int shift) {
    try (var scope = Scope.open();
        var golden = Safetensors.open(Fixtures.file("schedule-golden.safetensors"))) {
      var name = "shift" + shift + ".";
      var schedule = FlowSchedule.training(shift);
      assertThat(schedule.sigmas())
          .containsExactly(golden.read(name + "sigmas").toFloats(), within(1e-7f));
      assertThat(schedule.timesteps())
          .containsExactly(golden.read(name + "timesteps").toFloats(), within(1e-4f));
      assertThat(schedule.weights())
          .containsExactly(golden.read(name + "training_weights").toFloats(), within(1e-4f));
      assertThat(schedule.warp(1000, 750, 500, 250))
          .containsExactly(golden.read(name + "warped_steps").toFloats(), within(1e-4f));

      float[] at = golden.read(name + "add_noise.timestep").toFloats();
      float[] sigmas = new float[at.length];
      float[] weights = new float[at.length];
      for (int i = 0; i < at.length; i++) {
        sigmas[i] = schedule.sigmaAt(at[i]);
        weights[i] = schedule.weightAt(at[i]);
      }
      assertThat(weights)
          .containsExactly(golden.read(name + "training_weight").toFloats(), within(1e-4f));
      var noised =
          FlowSchedule.addNoise(
              golden.read(name + "add_noise.sample"),
              golden.read(name + "add_noise.noise"),
              Tensor.of(sigmas, at.length, 1, 1, 1));
      TensorAssert.assertThat(noised).isCloseTo(golden.read(name + "add_noise.out"), 1e-6);
    }
  }
}
