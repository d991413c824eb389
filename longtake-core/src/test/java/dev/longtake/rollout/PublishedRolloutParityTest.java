package dev.longtake.rollout;

import static dev.longtake.testkit.TensorAssert.assertThat;

import dev.longtake.memory.MemoryPolicies;
import dev.longtake.pretrained.Presets;
import dev.longtake.tensor.Scope;
import dev.longtake.testkit.LeakGuard;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Ten chunks as a preset has them made, from noise to clean latents, against the published code of
 * the family: zhuang2002/Self_Gradient_Forcing (its long videos), NVlabs/LongLive v1.0 at e52d9ef,
 * yesiltepe-hidir/infinity-rope at 63d7b84, all on one transformer of random weights (PyTorch
 * 2.14.1, a processor, float32, attention in float32). Ten are enough for every cache to roll, and
 * for positions to leave the range of 21.
 */
@ExtendWith(LeakGuard.class)
class PublishedRolloutParityTest {
  private static final double TOLERANCE = 1e-4;

  @ParameterizedTest
  @ValueSource(strings = {"self-gradient-forcing", "longlive", "infinity-rope"})
  void everyChunkIsThatOfThePublishedCode(String name) {
    var preset = Presets.find(name);
    var sampler = preset.sampling().jumps();
    try (var scope = Scope.open();
        var golden = GoldenRollout.read("rollouts-golden.safetensors")) {
      var prompt = golden.prompt();
      var noise = golden.tensor("noise");
      var fresh = golden.tensor("fresh");
      var latents = golden.tensor("latents." + name);

      try (var rollout = golden.rollout(MemoryPolicies.parse(preset.memory()))) {
        for (int chunk = 0; chunk < latents.size(0); chunk++) {
          var own = noise.narrow(0, chunk, 1);
          var added = fresh.select(0, chunk);
          var made =
              rollout.next(
                  prompt,
                  preset.chunk(),
                  passes -> {
                    var x = own;
                    for (int pass = 0; pass < sampler.steps(); pass++) {
                      var clean = sampler.jump(pass, passes.under(prompt), x);
                      x =
                          pass + 1 < sampler.steps()
                              ? sampler.noised(pass + 1, clean, added.narrow(0, pass, 1))
                              : clean;
                    }
                    return x;
                  },
                  clean -> clean);

          assertThat(made).isCloseTo(latents.narrow(0, chunk, 1), TOLERANCE);
        }
      }
    }
  }
}
