package dev.longtake.recipes;

import dev.longtake.data.ClipEncoder;
import dev.longtake.nn.Weights;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.ModelPart;
import dev.longtake.rollout.ModelParts;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.text.TextResidence;
import dev.longtake.text.TextStage;
import dev.longtake.text.Tokenizer;
import dev.longtake.text.Umt5Encoder;
import dev.longtake.vae.WanVae;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Function;

/** A model's autoencoder and text encoder in memory, without its transformer. */
final class Encoders implements AutoCloseable {
  private final Deque<Runnable> closers = new ArrayDeque<>(); // the latest first
  private final ClipEncoder encoder;

  private Encoders(ModelParts parts, Device device, Dtype dtype) {
    var config = parts.config();
    try {
      var tokenizer = Tokenizer.open(parts.tokenizer(), config.transformer().textLen());
      closers.push(tokenizer::close);
      var text =
          TextStage.open(
              tokenizer,
              at -> text(parts, config, at, dtype),
              TextResidence.DEVICE,
              device,
              dtype,
              0);
      closers.push(text::close);
      var weights = read(parts, ModelPart.VAE, device, dtype, w -> WanVae.of(config.vae(), w));
      closers.push(weights.weights()::close);
      closers.push(weights.network()::close);
      encoder = new ClipEncoder(weights.network(), text, dtype, device);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /**
   * Reads them from a model folder.
   *
   * @param dtype type of weights and arithmetic
   * @throws dev.longtake.checkpoint.CheckpointException if a file is missing, damaged or of another
   *     model
   */
  static Encoders open(Path folder, Device device, Dtype dtype) {
    return new Encoders(ModelParts.in(folder), device, dtype);
  }

  /** Both, as an encoder of clips. */
  ClipEncoder encoder() {
    return encoder;
  }

  private static TextStage.Loaded text(
      ModelParts parts, ModelConfig config, Device device, Dtype dtype) {
    var read =
        read(
            parts,
            ModelPart.TEXT_ENCODER,
            device,
            dtype,
            w -> Umt5Encoder.of(w, config.textEncoder()));
    return new TextStage.Loaded(read.network(), read.weights());
  }

  private record Read<T>(T network, Weights weights) {}

  private static <T> Read<T> read(
      ModelParts parts, ModelPart part, Device device, Dtype dtype, Function<Weights, T> build) {
    try (var file = parts.open(part)) {
      var source = file.source(dtype, device);
      var weights = Weights.from(source);
      try {
        var network = build.apply(weights);
        source.requireNothingSpare(weights);
        return new Read<>(network, weights);
      } catch (RuntimeException | Error e) {
        weights.close();
        throw e;
      }
    }
  }

  @Override
  public void close() {
    while (!closers.isEmpty()) {
      closers.pop().run();
    }
  }
}
