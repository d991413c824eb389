package dev.longtake.rollout;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.CheckpointSource;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.text.Tokenizer;
import dev.longtake.text.Umt5Encoder;
import dev.longtake.vae.WanVae;
import dev.longtake.wan.WanTransformer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;

/**
 * A model folder in memory: transformer, video autoencoder, text encoder and tokenizer.
 *
 * <p>The folder holds {@code config.json}, {@code tokenizer.json} and one safetensors file for each
 * network. Loading is strict: a tensor that is missing, spare or of another shape is an error. The
 * weights are read-only and may be shared by rollouts on one thread.
 */
public final class VideoModel implements AutoCloseable {
  /** The transformer's file in a model folder. */
  public static final String TRANSFORMER = "transformer.safetensors";

  /** The video autoencoder's file in a model folder. */
  public static final String VAE = "vae.safetensors";

  /** The text encoder's file in a model folder. */
  public static final String TEXT_ENCODER = "text_encoder.safetensors";

  /** The tokenizer's file in a model folder. */
  public static final String TOKENIZER = "tokenizer.json";

  private final ModelConfig config;
  private final Device device;
  private final Dtype dtype;
  private final Loaded<WanTransformer> transformer;
  private final Loaded<Umt5Encoder> text;
  private final Loaded<WanVae> vae;
  private final Tokenizer tokenizer;

  private record Loaded<T>(T network, Weights weights) {}

  private VideoModel(Path folder, Device device, Dtype dtype) {
    this.device = device;
    this.dtype = dtype;
    config = ModelConfig.read(folder);
    tokenizer = Tokenizer.open(present(folder, TOKENIZER), config.transformer().textLen());
    text = load(folder, TEXT_ENCODER, weights -> Umt5Encoder.of(weights, config.textEncoder()));
    transformer =
        load(folder, TRANSFORMER, weights -> WanTransformer.of(weights, config.transformer()));
    vae = load(folder, VAE, weights -> WanVae.of(config.vae(), weights));
  }

  /**
   * Reads a model folder.
   *
   * @param dtype type of weights and arithmetic
   * @throws CheckpointException if a file is missing, damaged or of another model
   */
  public static VideoModel open(Path folder, Device device, Dtype dtype) {
    return new VideoModel(folder, device, dtype);
  }

  private <T> Loaded<T> load(Path folder, String name, Function<Weights, T> build) {
    try (var file = Safetensors.open(present(folder, name))) {
      var source = new CheckpointSource(file, KeyMap.identity(), dtype, device);
      var weights = Weights.from(source);
      var network = build.apply(weights);
      source.requireNothingSpare(weights);
      return new Loaded<>(network, weights);
    }
  }

  private static Path present(Path folder, String name) {
    var file = folder.resolve(name);
    if (!Files.isRegularFile(file)) {
      throw new CheckpointException(
          folder.toString(), "lacks " + name + "; copy the whole model folder again");
    }
    return file;
  }

  /** Everything but the weights. */
  public ModelConfig config() {
    return config;
  }

  /** Where the weights are. */
  public Device device() {
    return device;
  }

  /** Type of weights and arithmetic. */
  public Dtype dtype() {
    return dtype;
  }

  /** The causal transformer. */
  public WanTransformer transformer() {
    return transformer.network();
  }

  /** The video autoencoder. */
  public WanVae vae() {
    return vae.network();
  }

  /** The text encoder. */
  public Umt5Encoder text() {
    return text.network();
  }

  /** The tokenizer. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /** How many numbers the weights are. */
  public long parameters() {
    return transformer.weights().parameters()
        + text.weights().parameters()
        + vae.weights().parameters();
  }

  @Override
  public void close() {
    transformer.weights().close();
    text.weights().close();
    vae.weights().close();
    tokenizer.close();
  }
}
