package dev.longtake.eval;

import dev.longtake.diffusion.Sampler;
import dev.longtake.memory.Memory;
import dev.longtake.rollout.Conditions;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.Rollout;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.vae.DecodeState;
import dev.longtake.wan.Prompt;
import java.util.List;

/**
 * A video continued from true latents, as {@link dev.longtake.rollout.VideoGenerator} does it, but
 * that encoding and decoding of the truth are left to the caller, who shares them among memories.
 */
final class Continuation implements AutoCloseable {
  private final VideoModel model;
  private final long seed;
  private final Conditions conditions;
  private final Rollout rollout;
  private int chunks;

  Continuation(VideoModel model, String text, Memory memory, long seed) {
    this.model = model;
    this.seed = seed;
    conditions = Conditions.read(model, text);
    var size = model.config().video();
    rollout =
        new Rollout(
            model.transformer(),
            memory,
            model.config().recall(),
            size.latentRows(),
            size.latentColumns(),
            model.dtype(),
            model.device());
  }

  /** Remembers a chunk of true latents. */
  void remember(Tensor latents) {
    rollout.remember(latents, conditions.prompt());
  }

  /** Generates a chunk, remembers it, and decodes it where the state stands. */
  List<byte[]> next(DecodeState decoding) {
    return generate(decoding, rollout::next);
  }

  /** The same, but the chunk is forgotten; a true one must be remembered in its place. */
  List<byte[]> peek(DecodeState decoding) {
    return generate(decoding, rollout::peek);
  }

  @FunctionalInterface
  private interface Generator {
    Tensor chunk(
        Prompt prompt, Prompt unprompted, double guidance, Sampler sampler, Tensor noise, Rng rng);
  }

  private List<byte[]> generate(DecodeState decoding, Generator generator) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(Device.CPU, seed, chunks++)) {
      var config = model.config();
      var size = config.video();
      var noise =
          rng.normal(
              Dtype.FLOAT32,
              1,
              config.transformer().inDim(),
              ModelConfig.CHUNK,
              size.latentRows(),
              size.latentColumns());
      var sampling = config.sampling();
      var latents =
          generator.chunk(
              conditions.prompt(),
              conditions.unprompted(),
              sampling.guidance(),
              sampling.sampler(),
              noise,
              rng);
      return Autoencoding.decode(model, latents, decoding);
    }
  }

  @Override
  public void close() {
    rollout.close();
    conditions.close();
  }
}
