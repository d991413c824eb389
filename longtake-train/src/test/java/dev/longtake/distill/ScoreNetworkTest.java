package dev.longtake.distill;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.train.ContextTimestep;
import dev.longtake.wan.Prompt;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class ScoreNetworkTest {
  private static final long PATCHES = 4;

  @Test
  void aCausalTeacherSeesAChunkAsTrainingWithMemoryShowsIt() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var troupe = Troupe.of(2)) {
      var window = latents(1, 6);
      var context = latents(2, 5);
      var prompt = troupe.teacher().read(Troupe.states(3, 2));
      var flow =
          network(troupe, Sight.CAUSAL_WITH_MEMORY, ContextTimestep.ZERO)
              .flow(window, sigma(), List.of(new Excerpt(context, 3, 3, 3)), prompt);
      var expected =
          troupe
              .teacher()
              .forward(
                  Tensor.cat(List.of(context, window.narrow(2, 3, 3)), 2),
                  times(0, 5, 3),
                  new int[] {0, 1, 2, 3, 4, 5, 6, 7},
                  prompt,
                  layer -> AttentionSpan.contextThenChunk(5 * PATCHES),
                  3);
      assertThat(flow).isBitwiseEqualTo(expected);
    }
  }

  @Test
  void aBidirectionalTeacherSeesContextAndWindowTogether() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var troupe = Troupe.of(2)) {
      var window = latents(1, 6);
      var context = latents(2, 3);
      var prompt = troupe.teacher().read(Troupe.states(3, 2));
      for (var timestep : ContextTimestep.values()) {
        var flow =
            network(troupe, Sight.BIDIRECTIONAL, timestep)
                .flow(window, sigma(), List.of(new Excerpt(context, 0, 6, 3)), prompt);
        var all =
            troupe
                .teacher()
                .forward(
                    Tensor.cat(List.of(context, window), 2),
                    times(timestep == ContextTimestep.ZERO ? 0 : 1, 3, 6),
                    new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8},
                    prompt);
        assertThat(flow).as(timestep.name()).isCloseTo(all.narrow(2, 6, 3), 1e-5);
      }
    }
  }

  @Test
  void passesOfTheSameSizesAreMadeAsOneAndGiveWhatEachGivesAlone() {
    try (var scope = Scope.open();
        var troupe = Troupe.of(2)) {
      var window = latents(1, 9);
      var parts =
          List.of(
              new Excerpt(window.narrow(2, 0, 0), 0, 3, 3),
              new Excerpt(latents(4, 3), 3, 3, 3),
              new Excerpt(latents(5, 3), 6, 3, 3));
      var network = // the critic, which has gradients
          new ScoreNetwork(
              troupe.critic(), Sight.CAUSAL_WITH_MEMORY, ContextTimestep.ZERO, Dtype.FLOAT32);
      var slope = latents(6, 9);

      var together = network.flow(window, sigma(), parts, read(troupe));
      together.times(slope).sum().backward();
      var gradient = troupe.flat().gradients().copy();
      troupe.flat().gradients().fill(0);
      for (int i = 0; i < parts.size(); i++) {
        var alone = network.flow(window, sigma(), List.of(parts.get(i)), read(troupe));
        assertThat(together.narrow(2, 3L * i, 3).detach()).isCloseTo(alone.detach(), 1e-5);
        alone.times(slope.narrow(2, 3L * i, 3)).sum().backward();
      }
      assertThat(gradient.abs().max().item()).isPositive();
      assertThat(gradient).isCloseTo(troupe.flat().gradients(), 1e-4);
    }
  }

  private static Prompt read(Troupe troupe) {
    return troupe.critic().read(Troupe.states(3, 2));
  }

  private static ScoreNetwork network(Troupe troupe, Sight sight, ContextTimestep timestep) {
    return new ScoreNetwork(troupe.teacher(), sight, timestep, Dtype.FLOAT32);
  }

  private static Tensor sigma() {
    return Tensor.of(new float[] {0.25f, 0.75f}, 2, 1, 1, 1, 1);
  }

  private static Tensor times(double context, int before, int frames) {
    try (var scope = Scope.open()) {
      var own = Tensor.of(new float[] {250, 750}, 2, 1);
      return scope.keep(
          Tensor.cat(List.of(own.times(context).expand(2, before), own.expand(2, frames)), 1));
    }
  }

  private static Tensor latents(long seed, int frames) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(seed, Device.CPU)) {
      return scope.keep(
          rng.normal(Dtype.FLOAT32, 2, Troupe.CHANNELS, frames, Troupe.SIDE, Troupe.SIDE));
    }
  }
}
