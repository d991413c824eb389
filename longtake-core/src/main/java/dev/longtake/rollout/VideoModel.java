package dev.longtake.rollout;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.CheckpointSource;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.nn.FusedOps;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.text.TextResidence;
import dev.longtake.text.TextStage;
import dev.longtake.text.Tokenizer;
import dev.longtake.text.Umt5Encoder;
import dev.longtake.vae.WanVae;
import dev.longtake.wan.WanTransformer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
  private final Tokenizer tokenizer;
  private final TextStage text;
  private final FusedOps ops;
  private final WanTransformer transformer;
  private final WanVae vae;
  private long textParameters;
  private final List<Weights> weights = new ArrayList<>();
  private final List<Runnable> closers = new ArrayList<>();

  private VideoModel(
      Path folder, Device device, Dtype dtype, TextResidence residence, Arithmetic arithmetic) {
    this.device = device;
    this.dtype = dtype;
    config = ModelConfig.read(folder);
    var files = List.of(TOKENIZER, TEXT_ENCODER, TRANSFORMER, VAE);
    files.forEach(name -> requirePresent(folder, name));
    try {
      tokenizer = Tokenizer.open(folder.resolve(TOKENIZER), config.transformer().textLen());
      closers.add(tokenizer::close);
      text = openText(folder.resolve(TEXT_ENCODER), residence);
      closers.add(text::close);
      ops = arithmetic.open(device, dtype);
      closers.add(ops::close);
      transformer =
          load(folder, TRANSFORMER, taken -> WanTransformer.of(taken, config.transformer(), ops));
      vae =
          load(
              folder,
              VAE,
              taken -> {
                var made = WanVae.of(config.vae(), taken, ops);
                closers.add(made::close);
                return made;
              });
    } catch (RuntimeException e) {
      closers.forEach(Runnable::run);
      throw e;
    }
  }

  /** {@link #open(Path, Device, Dtype, TextResidence)} with the text encoder on the device. */
  public static VideoModel open(Path folder, Device device, Dtype dtype) {
    return open(folder, device, dtype, TextResidence.DEVICE);
  }

  /**
   * Reads a model folder.
   *
   * @param dtype type of weights and arithmetic
   * @param residence where the text encoder is while no prompt is read
   * @throws CheckpointException if a file is missing, damaged or of another model
   */
  public static VideoModel open(Path folder, Device device, Dtype dtype, TextResidence residence) {
    return open(folder, device, dtype, residence, Arithmetic.PLAIN);
  }

  /**
   * The same, computing in a way of the caller's choice.
   *
   * @throws IllegalArgumentException if the device or the type has none such
   */
  public static VideoModel open(
      Path folder, Device device, Dtype dtype, TextResidence residence, Arithmetic arithmetic) {
    return new VideoModel(folder, device, dtype, residence, arithmetic);
  }

  /** The file is checked now, also where its weights are only read when a prompt comes. */
  private TextStage openText(Path path, TextResidence residence) {
    try (var file = Safetensors.open(path)) {
      var source = new CheckpointSource(file, KeyMap.identity(), dtype, device);
      try (var outline = Weights.from(source.outline())) {
        Umt5Encoder.of(outline, config.textEncoder());
        source.requireNothingSpare(outline);
        textParameters = outline.parameters();
      }
    }
    // An encoder that is there anyway reads a prompt again in less time than a chunk takes.
    int kept = residence == TextResidence.DEVICE ? 0 : TextStage.KEPT;
    return TextStage.open(tokenizer, at -> loadText(path, at), residence, device, dtype, kept);
  }

  private TextStage.Loaded loadText(Path path, Device at) {
    try (var file = Safetensors.open(path)) {
      var taken = Weights.from(new CheckpointSource(file, KeyMap.identity(), dtype, at));
      try {
        return new TextStage.Loaded(Umt5Encoder.of(taken, config.textEncoder()), taken);
      } catch (RuntimeException e) {
        taken.close();
        throw e;
      }
    }
  }

  private <T> T load(Path folder, String name, Function<Weights, T> build) {
    try (var file = Safetensors.open(folder.resolve(name))) {
      var source = new CheckpointSource(file, KeyMap.identity(), dtype, device);
      var taken = Weights.from(source);
      weights.add(taken);
      closers.add(taken::close);
      var network = build.apply(taken);
      source.requireNothingSpare(taken);
      return network;
    }
  }

  private static void requirePresent(Path folder, String name) {
    if (!Files.isRegularFile(folder.resolve(name))) {
      throw new CheckpointException(
          folder.toString(), "lacks " + name + "; copy the whole model folder again");
    }
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
    return transformer;
  }

  /** The video autoencoder. */
  public WanVae vae() {
    return vae;
  }

  /** The text encoder, wherever it is. */
  public TextStage text() {
    return text;
  }

  /** The tokenizer. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /** How many numbers the weights are. */
  public long parameters() {
    return textParameters + weights.stream().mapToLong(Weights::parameters).sum();
  }

  @Override
  public void close() {
    closers.forEach(Runnable::run);
    closers.clear();
  }
}
