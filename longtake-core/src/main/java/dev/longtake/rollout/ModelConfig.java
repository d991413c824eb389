package dev.longtake.rollout;

import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.JsonRecord;
import dev.longtake.diffusion.EulerSampler;
import dev.longtake.diffusion.FewStepSampler;
import dev.longtake.diffusion.FlowSchedule;
import dev.longtake.diffusion.Sampler;
import dev.longtake.memory.Memory;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.memory.MemoryPolicy;
import dev.longtake.memory.ReleasedSlowFast;
import dev.longtake.memory.RollingWindow;
import dev.longtake.text.Umt5Config;
import dev.longtake.vae.VaeConfig;
import dev.longtake.wan.WanConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Everything about a model but its weights: the {@code config.json} of a model folder, in snake
 * case.
 *
 * @param name of the model
 * @param video size of its pictures
 * @param transformer sizes of the transformer
 * @param vae sizes of the video autoencoder, and its latents' mean and deviation
 * @param textEncoder sizes of the text encoder
 * @param sampling how it is sampled unless told otherwise
 * @param memory what it was trained with, as {@link MemoryPolicies#parse} reads it
 * @param recall how it was trained to look back
 * @param unconditional what guidance leads away from; zeros in a file that does not say
 * @param negativePrompt the text that guidance leads away from if that is a prompt, may be empty;
 *     otherwise empty, as in a file that does not say
 */
@JsonDeserialize(using = ModelConfigReader.class)
public record ModelConfig(
    String name,
    VideoSize video,
    WanConfig transformer,
    VaeConfig vae,
    Umt5Config textEncoder,
    Sampling sampling,
    String memory,
    Recall recall,
    Unconditional unconditional,
    String negativePrompt) {

  /** Of a model whose guidance leads away from zeros. */
  public ModelConfig(
      String name,
      VideoSize video,
      WanConfig transformer,
      VaeConfig vae,
      Umt5Config textEncoder,
      Sampling sampling,
      String memory,
      Recall recall) {
    this(
        name,
        video,
        transformer,
        vae,
        textEncoder,
        sampling,
        memory,
        recall,
        Unconditional.ZEROS,
        "");
  }

  /**
   * Checks that the parts fit one another.
   *
   * @throws IllegalArgumentException naming both sizes, the choices of memory, or what it needs
   */
  public ModelConfig {
    if (transformer.inDim() != vae.zDim()) {
      throw new IllegalArgumentException(
          "the transformer has "
              + transformer.inDim()
              + " latent channels (in_dim), the autoencoder "
              + vae.zDim()
              + " (z_dim); make them equal");
    }
    if (transformer.textDim() != textEncoder.dim()) {
      throw new IllegalArgumentException(
          "the transformer reads text states of width "
              + transformer.textDim()
              + " (text_dim), the text encoder's have "
              + textEncoder.dim()
              + " (dim); make them equal");
    }
    if (vae.spatialFactor() != PIXELS_PER_LATENT || vae.temporalFactor() != FRAMES_PER_LATENT) {
      throw new IllegalArgumentException(
          "an autoencoder must make a latent of "
              + PIXELS_PER_LATENT
              + " x "
              + PIXELS_PER_LATENT
              + " pixels and "
              + FRAMES_PER_LATENT
              + " frames, not of "
              + vae.spatialFactor()
              + " and "
              + vae.temporalFactor());
    }
    if (unconditional == Unconditional.ZEROS && !negativePrompt.isEmpty()) {
      throw new IllegalArgumentException(
          "guidance leads away from zeros (unconditional), so negative_prompt '"
              + negativePrompt
              + "' would never be read; leave it out, or make unconditional prompt");
    }
    MemoryPolicies.parse(memory).requireRoom(CHUNK);
  }

  /** The file's name in a model folder. */
  public static final String FILE = "config.json";

  /** The keys that a file may leave out, and what they say then: there are files without. */
  public static final Map<String, String> DEFAULTS =
      Map.of("unconditional", Unconditional.ZEROS.name(), "negative_prompt", "");

  /** Latent frames generated together. */
  public static final int CHUNK = 3;

  /** Pixels per latent, on both sides of a picture. */
  public static final int PIXELS_PER_LATENT = 8;

  /** Pictures per latent frame, but for the first of a video, which stands alone. */
  public static final int FRAMES_PER_LATENT = 4;

  /** Pictures of a chunk. */
  public static final int CHUNK_PICTURES = CHUNK * FRAMES_PER_LATENT;

  /** Pictures of a video's first chunk, which begins with the latent of a single one. */
  public static final int FIRST_CHUNK_PICTURES = CHUNK_PICTURES - FRAMES_PER_LATENT + 1;

  /**
   * The pictures.
   *
   * @param width pixels, a multiple of 16
   * @param height pixels, a multiple of 16
   * @param fps frames per second, above 0
   */
  public record VideoSize(int width, int height, int fps) {
    /** Checks the sizes. */
    public VideoSize {
      if (width < 16 || height < 16 || width % 16 != 0 || height % 16 != 0 || fps < 1) {
        throw new IllegalArgumentException(
            "a video needs sides that are multiples of 16 and at least 1 frame/s, not "
                + width
                + " x "
                + height
                + " at "
                + fps);
      }
    }

    /** Latent rows. */
    public int latentRows() {
      return height / PIXELS_PER_LATENT;
    }

    /** Latent columns. */
    public int latentColumns() {
      return width / PIXELS_PER_LATENT;
    }
  }

  /** How noise becomes a chunk. */
  public enum SamplerKind {
    /** Small steps along the flow: models that were not distilled. */
    EULER,
    /** A few jumps with fresh noise between: distilled students. */
    FEW_STEP
  }

  /**
   * A sampler and its guidance.
   *
   * @param kind which sampler
   * @param steps passes per chunk, at least 1
   * @param shift warp of the noise levels, above 0
   * @param guidance scale of classifier-free guidance; 1 is none
   */
  public record Sampling(SamplerKind kind, int steps, double shift, double guidance) {
    /** Checks the ranges. */
    public Sampling {
      if (steps < 1 || !(shift > 0) || !(guidance >= 1)) {
        throw new IllegalArgumentException(
            "sampling needs at least 1 step, a shift above 0 and guidance of at least 1, not "
                + steps
                + ", "
                + shift
                + ", "
                + guidance);
      }
    }

    /**
     * Refuses what a memory cannot be used with.
     *
     * @throws IllegalArgumentException if there is guidance, and every pass is remembered or
     *     several chunks are denoised together; or if these do not come down by jumps, or are too
     *     many for the memory
     */
    public void requireFor(Memory used) {
      switch (used) {
        case MemoryPolicy policy -> {}
        case ReleasedSlowFast released -> ReleasedMemory.requireNone(guidance);
        case RollingWindow rolling -> {
          if (kind != SamplerKind.FEW_STEP) {
            throw new IllegalArgumentException(
                "rolling-forcing takes chunks down by jumps, and this model is sampled in small"
                    + " steps (euler); give another memory, or a model of few steps");
          }
          RollingMemory.requireNone(guidance);
          rolling.requireRoom(CHUNK * steps);
        }
      }
    }

    /** The sampler of a few jumps. */
    FewStepSampler jumps() {
      int[] even = new int[steps];
      for (int i = 0; i < steps; i++) {
        even[i] = FlowSchedule.TIMESTEPS - FlowSchedule.TIMESTEPS * i / steps;
      }
      return new FewStepSampler(FlowSchedule.training(shift).warp(even));
    }

    /** The sampler. */
    public Sampler sampler() {
      return switch (kind) {
        case EULER -> new EulerSampler(FlowSchedule.levels(steps, shift));
        case FEW_STEP -> jumps();
      };
    }
  }

  /** With another autoencoder's sizes and statistics. */
  public ModelConfig withVae(VaeConfig other) {
    return new ModelConfig(
        name,
        video,
        transformer,
        other,
        textEncoder,
        sampling,
        memory,
        recall,
        unconditional,
        negativePrompt);
  }

  /** With another thing for guidance to lead away from. */
  public ModelConfig withUnconditional(Unconditional other, String prompt) {
    return new ModelConfig(
        name, video, transformer, vae, textEncoder, sampling, memory, recall, other, prompt);
  }

  /** Under another name. */
  public ModelConfig named(String other) {
    return new ModelConfig(
        other,
        video,
        transformer,
        vae,
        textEncoder,
        sampling,
        memory,
        recall,
        unconditional,
        negativePrompt);
  }

  /** Looking back at something else, in another way. */
  public ModelConfig remembering(String other, Recall how) {
    return new ModelConfig(
        name,
        video,
        transformer,
        vae,
        textEncoder,
        sampling,
        other,
        how,
        unconditional,
        negativePrompt);
  }

  /** Sampled in another way. */
  public ModelConfig sampled(Sampling other) {
    return new ModelConfig(
        name,
        video,
        transformer,
        vae,
        textEncoder,
        other,
        memory,
        recall,
        unconditional,
        negativePrompt);
  }

  /** The policy it was trained with. */
  public Memory policy() {
    return MemoryPolicies.parse(memory);
  }

  /**
   * Reads a folder's {@code config.json}.
   *
   * @throws CheckpointException if it is absent or not such a file
   */
  public static ModelConfig read(Path folder) {
    if (!Files.exists(folder)) {
      throw new CheckpointException(
          folder.toString(), "there is no such folder, hence no " + FILE + "; check the path");
    }
    var file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      throw new CheckpointException(
          folder.toString(), "is not a model folder: it has no " + FILE + "; give one that has");
    }
    return JsonRecord.read(file, ModelConfig.class, "a model's configuration");
  }

  /** Writes {@code config.json} into a folder; readers see the old file or the new one. */
  public void write(Path folder) {
    JsonRecord.write(folder.resolve(FILE), this);
  }
}
