package dev.longtake.rollout;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import dev.longtake.checkpoint.CheckpointSource;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.nn.Weights;
import dev.longtake.rollout.ModelConfig.SamplerKind;
import dev.longtake.rollout.ModelConfig.Sampling;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.wan.WanConfig;
import dev.longtake.wan.WanTransformer;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Rolling Forcing against its published code (TencentARC/RollingForcing, commit a1477d0, PyTorch
 * 2.14.1 on a processor, float32, attention in float32): twelve chunks, from noise to clean
 * latents, by a transformer of random weights. Twelve are enough for the cache to roll, and for the
 * window to shrink at the end.
 */
@ExtendWith(LeakGuard.class)
class RollingForcingParityTest {
  private static final double TOLERANCE = 1e-4;
  private static final int CHUNK = 3;
  private static final WanConfig SIZES = new WanConfig(32, 48, 16, 8, 6, 4, 2, 2);
  private static final KeyMap WEIGHTS =
      key ->
          key.startsWith("weights.")
              ? Optional.of(key.substring("weights.".length()))
              : Optional.empty();

  @Test
  void everyChunkIsThatOfThePublishedCode() throws URISyntaxException {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var golden = Safetensors.open(golden());
        var weights =
            Weights.from(new CheckpointSource(golden, WEIGHTS, Dtype.FLOAT32, Device.CPU))) {
      var model = WanTransformer.of(weights, SIZES);
      var prompt = model.read(golden.read("text").unsqueeze(0));
      var sampler = new Sampling(SamplerKind.FEW_STEP, 5, 5, 1).jumps();
      assertThat(sampler.timesteps())
          .containsExactly(golden.read("timesteps").toFloats(), offset(1e-3f));
      var noise = golden.read("noise");
      var fresh = golden.read("fresh");
      var latents = golden.read("latents");
      int chunks = Math.toIntExact(latents.size(0));

      try (var rollout =
          new Rollout(
              model,
              MemoryPolicies.parse("rolling-forcing"),
              Recall.CACHED,
              Math.toIntExact(latents.size(3)),
              Math.toIntExact(latents.size(4)),
              Dtype.FLOAT32,
              Device.CPU)) {
        for (int chunk = 0; chunk < chunks; chunk++) {
          var made =
              rollout.roll(
                  prompt,
                  sampler,
                  CHUNK,
                  chunks - 1 - chunk,
                  number -> recorded(noise, fresh, number));

          assertThat(made).isCloseTo(latents.narrow(0, chunk, 1), TOLERANCE);
        }
        assertThat(rollout.frames()).isEqualTo(CHUNK * chunks);
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

  private static Path golden() throws URISyntaxException {
    var name = "rolling-forcing-golden.safetensors";
    var found = RollingForcingParityTest.class.getResource(name);
    return Path.of(Objects.requireNonNull(found, name).toURI());
  }
}
