package dev.longtake.rollout;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.WeightFile;
import dev.longtake.nn.FusedOps;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.text.TextResidence;
import dev.longtake.text.TextStage;
import dev.longtake.text.Tokenizer;
import dev.longtake.text.Umt5Encoder;
import dev.longtake.vae.PictureDecoder;
import dev.longtake.vae.TinyDecoder;
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
 * weights are read-only and may be shared by the rollouts of one thread and by their decoders.
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
  private final Arithmetic arithmetic;
  private final Tokenizer tokenizer;
  private final TextStage text;
  private final FusedOps ops;
  private final WanTransformer transformer;
  private final WanVae vae;
  private final PictureDecoder decoder;
  private long textParameters;
  private final List<Weights> weights = new ArrayList<>();
  private final List<Runnable> closers = new ArrayList<>();

  private VideoModel(
      ModelParts parts,
      Device device,
      Dtype dtype,
      TextResidence residence,
      Arithmetic arithmetic) {
    this.device = device;
    this.dtype = dtype;
    this.arithmetic = arithmetic;
    config = parts.config();
    parts.requireWhole();
    try {
      tokenizer = Tokenizer.open(parts.tokenizer(), config.transformer().textLen());
      closers.add(tokenizer::close);
      text = openText(parts, residence);
      closers.add(text::close);
      ops = arithmetic.open(device, dtype);
      closers.add(ops::close);
      transformer =
          load(
              parts.open(ModelPart.TRANSFORMER),
              taken -> WanTransformer.of(taken, config.transformer(), ops));
      vae =
          load(
              parts.open(ModelPart.VAE),
              taken -> {
                var made = WanVae.of(config.vae(), taken, ops);
                closers.add(made::close);
                return made;
              });
      decoder = parts.openTiny().<PictureDecoder>map(this::load).orElse(vae);
    } catch (RuntimeException e) {
      closers.forEach(Runnable::run);
      throw e;
    }
  }

  /** Whether a folder is laid out so, by the files that tell it from other layouts. */
  public static boolean isFolder(Path path) {
    return Files.isRegularFile(path.resolve(ModelConfig.FILE))
        && Files.isRegularFile(path.resolve(TRANSFORMER));
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
    return open(ModelParts.in(folder), device, dtype, residence);
  }

  /** {@link #open(ModelParts, Device, Dtype, TextResidence)} with the encoder on the device. */
  public static VideoModel open(ModelParts parts, Device device, Dtype dtype) {
    return open(parts, device, dtype, TextResidence.DEVICE);
  }

  /** The same with plain arithmetic. */
  public static VideoModel open(
      ModelParts parts, Device device, Dtype dtype, TextResidence residence) {
    return open(parts, device, dtype, residence, Arithmetic.PLAIN);
  }

  /**
   * Reads a model from wherever its parts are.
   *
   * @param parts stay readable as long as the model is open: a passing text encoder comes back
   * @param dtype type of weights and arithmetic
   * @param residence where the text encoder is while no prompt is read
   * @param arithmetic how transformer and autoencoder compute
   * @throws CheckpointException if a file is missing, damaged or of another model
   * @throws IllegalArgumentException if the device or the type has no such arithmetic
   */
  public static VideoModel open(
      ModelParts parts,
      Device device,
      Dtype dtype,
      TextResidence residence,
      Arithmetic arithmetic) {
    return new VideoModel(parts, device, dtype, residence, arithmetic);
  }

  /** The file is checked now, also where its weights are only read when a prompt comes. */
  private TextStage openText(ModelParts parts, TextResidence residence) {
    try (var file = parts.open(ModelPart.TEXT_ENCODER)) {
      var source = file.source(dtype, device);
      try (var outline = Weights.from(source.outline())) {
        Umt5Encoder.of(outline, config.textEncoder());
        source.requireNothingSpare(outline);
        textParameters = outline.parameters();
      }
    }
    // An encoder that is there anyway reads a prompt again in less time than a chunk takes.
    int kept = residence == TextResidence.DEVICE ? 0 : TextStage.KEPT;
    return TextStage.open(tokenizer, at -> loadText(parts, at), residence, device, dtype, kept);
  }

  private TextStage.Loaded loadText(ModelParts parts, Device at) {
    try (var file = parts.open(ModelPart.TEXT_ENCODER)) {
      var taken = Weights.from(file.source(dtype, at));
      try {
        return new TextStage.Loaded(Umt5Encoder.of(taken, config.textEncoder()), taken);
      } catch (RuntimeException e) {
        taken.close();
        throw e;
      }
    }
  }

  private TinyDecoder load(ModelParts.Tiny tiny) {
    return load(tiny.weights(), taken -> TinyDecoder.of(tiny.config(), taken));
  }

  private <T> T load(WeightFile file, Function<Weights, T> build) {
    try (file) {
      var source = file.source(dtype, device);
      var taken = Weights.from(source);
      weights.add(taken);
      closers.add(taken::close);
      var network = build.apply(taken);
      source.requireNothingSpare(taken);
      return network;
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

  /** How transformer and autoencoder compute. */
  public Arithmetic arithmetic() {
    return arithmetic;
  }

  /** The causal transformer. */
  public WanTransformer transformer() {
    return transformer;
  }

  /** The video autoencoder. */
  public WanVae vae() {
    return vae;
  }

  /** What makes pictures of latents: the autoencoder, unless a smaller decoder was given. */
  public PictureDecoder decoder() {
    return decoder;
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
