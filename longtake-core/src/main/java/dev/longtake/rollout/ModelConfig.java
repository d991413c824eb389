package dev.longtake.rollout;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.diffusion.EulerSampler;
import dev.longtake.diffusion.FewStepSampler;
import dev.longtake.diffusion.FlowSchedule;
import dev.longtake.diffusion.Sampler;
import dev.longtake.memory.Memory;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.memory.ReleasedSlowFast;
import dev.longtake.text.Umt5Config;
import dev.longtake.vae.VaeConfig;
import dev.longtake.wan.WanConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Objects;

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
 */
public record ModelConfig(
    String name,
    VideoSize video,
    WanConfig transformer,
    VaeConfig vae,
    Umt5Config textEncoder,
    Sampling sampling,
    String memory,
    Recall recall) {

  /**
   * Checks that the parts fit one another.
   *
   * @throws IllegalArgumentException naming both sizes, or the choices of memory
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
    MemoryPolicies.parse(memory);
  }

  /** The file's name in a model folder. */
  public static final String FILE = "config.json";

  /** Latent frames generated together. */
  public static final int CHUNK = 3;

  /** Pixels per latent, on both sides of a picture. */
  public static final int PIXELS_PER_LATENT = 8;

  /** Pictures per latent frame, but for the first of a video, which stands alone. */
  public static final int FRAMES_PER_LATENT = 4;

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
     * Refuses guidance with a memory that takes none.
     *
     * @throws IllegalArgumentException if every pass is remembered, and some would be made without
     *     the prompt
     */
    public void requireFor(Memory used) {
      if (used instanceof ReleasedSlowFast) {
        ReleasedMemory.requireNone(guidance);
      }
    }

    /** The sampler. */
    public Sampler sampler() {
      return switch (kind) {
        case EULER -> new EulerSampler(FlowSchedule.levels(steps, shift));
        case FEW_STEP -> {
          int[] even = new int[steps];
          for (int i = 0; i < steps; i++) {
            even[i] = FlowSchedule.TIMESTEPS - FlowSchedule.TIMESTEPS * i / steps;
          }
          yield new FewStepSampler(FlowSchedule.training(shift).warp(even));
        }
      };
    }
  }

  /** With another autoencoder's sizes and statistics. */
  public ModelConfig withVae(VaeConfig other) {
    return new ModelConfig(name, video, transformer, other, textEncoder, sampling, memory, recall);
  }

  /** The same networks under another name, sampled otherwise. */
  public ModelConfig named(String other, Sampling sampled) {
    return new ModelConfig(other, video, transformer, vae, textEncoder, sampled, memory, recall);
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
    var file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      throw new CheckpointException(
          folder.toString(), "is not a model folder: it has no " + FILE + "; give one that has");
    }
    try {
      return mapper().readValue(file.toFile(), ModelConfig.class);
    } catch (IOException e) {
      throw new CheckpointException(
          file.toString(), "is not a model's configuration: " + reason(e), e);
    }
  }

  /** Writes {@code config.json} into a folder; readers see the old file or the new one. */
  public void write(Path folder) {
    var file = folder.resolve(FILE);
    var part = folder.resolve(FILE + "." + ProcessHandle.current().pid() + ".part");
    try {
      mapper().writerWithDefaultPrettyPrinter().writeValue(part.toFile(), this);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new CheckpointException(
          file.toString(), "cannot be written (" + reason(e) + "); check space and permissions", e);
    }
  }

  private static String reason(IOException e) {
    var told = e.getCause() instanceof IllegalArgumentException refused ? refused : e;
    var line = String.valueOf(told.getMessage()).lines().findFirst().orElse("");
    var keys =
        e instanceof JsonMappingException mapping
            ? mapping.getPath().stream()
                .map(JsonMappingException.Reference::getFieldName)
                .filter(Objects::nonNull) // as for the entries of a list
                .toList()
            : List.<String>of();
    // In brackets the parser says which of its settings to change: no help with a file.
    return (keys.isEmpty() ? "" : keys.getLast() + ": ")
        + line.replaceFirst(" \\((index|set) .*", "");
  }

  private static JsonMapper mapper() {
    return JsonMapper.builder()
        .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
        .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
        .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
        .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
        .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
        .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
        .build();
  }
}
