package dev.longtake.eval;

import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.TensorFile;
import dev.longtake.checkpoint.WeightFile;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.nn.Init;
import dev.longtake.nn.Weights;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.ModelConfig.SamplerKind;
import dev.longtake.rollout.ModelConfig.Sampling;
import dev.longtake.rollout.ModelConfig.VideoSize;
import dev.longtake.rollout.ModelPart;
import dev.longtake.rollout.ModelParts;
import dev.longtake.rollout.Recall;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Tensor;
import dev.longtake.text.Umt5Config;
import dev.longtake.text.Umt5Encoder;
import dev.longtake.text.WordTokenizerFile;
import dev.longtake.vae.TinyDecoder;
import dev.longtake.vae.WanVae;
import dev.longtake.wan.WanTransformer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A model of a published size without its files: weights are drawn as they are asked for. Its text
 * encoder has one narrow layer, since a prompt is read once and no picture depends on what it says.
 */
final class RandomParts implements ModelParts, AutoCloseable {
  /** What its tokenizer knows. */
  static final String PROMPT = "a red cube in a brick room";

  private static final int FPS = 16;
  private static final Sampling FOUR_STEPS = new Sampling(SamplerKind.FEW_STEP, 4, 5, 1);
  private static final long SEED = 11;

  private final NetworkSize size;
  private final Dtype dtype;
  private final Device device;
  private final boolean tiny;
  private final ModelConfig config;
  private final Path folder;

  private RandomParts(
      NetworkSize size, Dtype dtype, Device device, boolean tiny, int words, Path folder) {
    this.size = size;
    this.dtype = dtype;
    this.device = device;
    this.tiny = tiny;
    this.folder = folder;
    config =
        new ModelConfig(
            size.name(),
            new VideoSize(
                size.columns() * ModelConfig.PIXELS_PER_LATENT,
                size.rows() * ModelConfig.PIXELS_PER_LATENT,
                FPS),
            size.wan(),
            size.vae(),
            Umt5Config.of(words, size.wan().textDim(), 8, 8, 1, 1),
            FOUR_STEPS,
            MemoryPolicies.CONTEXT_FORCING_REDUNDANT.spec(),
            Recall.CACHED);
  }

  /**
   * A model to be loaded in that type on that device.
   *
   * @param tiny whether pictures are made by the tiny decoder
   * @throws EvaluationException if there is no place for its tokenizer
   */
  static RandomParts of(NetworkSize size, Dtype dtype, Device device, boolean tiny) {
    try {
      var folder = Files.createTempDirectory("longtake-random");
      var words = WordTokenizerFile.of(List.of(PROMPT));
      var parts = new RandomParts(size, dtype, device, tiny, words.size(), folder);
      words.write(parts.tokenizer());
      return parts;
    } catch (IOException e) {
      throw new EvaluationException("no temporary folder can be made; set java.io.tmpdir", e);
    }
  }

  @Override
  public ModelConfig config() {
    return config;
  }

  @Override
  public Path tokenizer() {
    return folder.resolve("tokenizer.json");
  }

  @Override
  public Path file(ModelPart part) {
    throw new UnsupportedOperationException("the weights of " + part + " are in no file");
  }

  @Override
  public WeightFile open(ModelPart part) {
    return switch (part) {
      case TEXT_ENCODER -> drawn(weights -> Umt5Encoder.of(weights, config.textEncoder()));
      case TRANSFORMER -> drawn(weights -> WanTransformer.of(weights, config.transformer()));
      case VAE -> drawn(weights -> WanVae.of(config.vae(), weights).close());
    };
  }

  @Override
  public Optional<Tiny> openTiny() {
    return tiny
        ? Optional.of(new Tiny(size.tiny(), drawn(weights -> TinyDecoder.of(size.tiny(), weights))))
        : Optional.empty();
  }

  @Override
  public void requireWhole() {}

  private WeightFile drawn(Consumer<Weights> network) {
    return new WeightFile(Drawn.of(network, Rng.seeded(SEED, device), dtype), KeyMap.identity());
  }

  @Override
  public void close() {
    try {
      Files.delete(tokenizer());
      Files.delete(folder);
    } catch (IOException e) {
      throw new EvaluationException("cannot delete " + folder + "; delete it by hand", e);
    }
  }

  /** How a weight starts, and its shape. */
  private record Start(Init init, List<Long> shape) {}

  /** Drawn where they are wanted, since a processor would take longer over it than over a video. */
  private record Drawn(Map<String, Start> starts, Rng rng, RandomWeights source)
      implements TensorFile {

    static Drawn of(Consumer<Weights> network, Rng rng, Dtype dtype) {
      var starts = new LinkedHashMap<String, Start>();
      var outline =
          new Weights.Source() {
            @Override
            public Tensor read(String name, Init init, long... shape) {
              starts.put(name, new Start(init, Arrays.stream(shape).boxed().toList()));
              return Weights.placeholder(dtype, shape);
            }

            @Override
            public Set<String> names() {
              return Set.of();
            }
          };
      try (var weights = Weights.from(outline)) {
        network.accept(weights);
      }
      return new Drawn(starts, rng, new RandomWeights(rng, dtype));
    }

    @Override
    public String description() {
      return starts.size() + " random weights";
    }

    @Override
    public Set<String> names() {
      return starts.keySet();
    }

    @Override
    public Dtype dtype(String name) {
      return source.dtype();
    }

    @Override
    public long[] shape(String name) {
      return start(name).shape().stream().mapToLong(Long::longValue).toArray();
    }

    @Override
    public Tensor read(String name) {
      return source.read(name, start(name).init(), shape(name));
    }

    private Start start(String name) {
      var start = starts.get(name);
      if (start == null) {
        throw new IllegalArgumentException("no weight '" + name + "' among " + description());
      }
      return start;
    }

    @Override
    public void close() {
      rng.close();
    }
  }
}
