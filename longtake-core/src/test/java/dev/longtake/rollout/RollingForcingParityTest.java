package dev.longtake.rollout;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import dev.longtake.memory.MemoryPolicies;
import dev.longtake.pretrained.Presets;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Rolling Forcing against its published code (TencentARC/RollingForcing at a1477d0, PyTorch 2.14.1
 * on a processor, float32, attention in float32): twelve chunks, from noise to clean latents, by a
 * transformer of random weights. Twelve are enough for the cache to roll, and for the window to
 * shrink at the end.
 */
@ExtendWith(LeakGuard.class)
class RollingForcingParityTest {
  private static final double TOLERANCE = 1e-4;

  @Test
  void everyChunkIsThatOfThePublishedCode() {
    var preset = Presets.find("rolling-forcing");
    var sampler = preset.sampling().jumps();
    try (var scope = Scope.open();
        var golden = GoldenRollout.read("rolling-forcing-golden.safetensors")) {
      assertThat(sampler.timesteps())
          .containsExactly(golden.tensor("timesteps").toFloats(), offset(1e-3f));
      var prompt = golden.prompt();
      var noise = golden.tensor("noise");
      var fresh = golden.tensor("fresh");
      var latents = golden.tensor("latents");
      int chunks = Math.toIntExact(latents.size(0));

      try (var rollout = golden.rollout(MemoryPolicies.parse(preset.memory()))) {
        for (int chunk = 0; chunk < chunks; chunk++) {
          var made =
              rollout.roll(
                  prompt,
                  sampler,
                  preset.chunk(),
                  chunks - 1 - chunk,
                  number -> recorded(noise, fresh, number));

          assertThat(made).isCloseTo(latents.narrow(0, chunk, 1), TOLERANCE);
        }
        assertThat(rollout.frames()).isEqualTo(preset.chunk() * chunks);
      }
    }
  }

  /** What the published code drew: noise, then what it added after each pass but the last. */
  private static ChunkNoise recorded(Tensor noise, Tensor fresh, int chunk) {
    return new ChunkNoise() {
      private int drawn;

      @Override
      public Tensor next(long... shape) {
        var next =
            drawn == 0 ? noise.narrow(0, chunk, 1) : fresh.select(0, chunk).narrow(0, drawn - 1, 1);
        drawn++;
        assertThat(next.shape()).containsExactly(shape);
        return next;
      }

      @Override
      public void close() {}
    };
  }
}
