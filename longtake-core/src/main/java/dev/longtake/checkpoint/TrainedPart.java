package dev.longtake.checkpoint;

import java.util.List;
import java.util.Locale;

/** Which of the models in a training checkpoint; {@code torch.save} holds each under its key. */
public enum TrainedPart {
  /** The generator as it was at the last step, which some files keep under {@code model}. */
  GENERATOR(List.of("generator", "model")),

  /** The moving average of the generator's weights. */
  GENERATOR_EMA(List.of("generator_ema")),

  /** The network that follows the generator's distribution while it is trained. */
  CRITIC(List.of("critic"));

  private final List<String> keys;

  TrainedPart(List<String> keys) {
    this.keys = keys;
  }

  /** The outermost keys it may be found under, the first that is there counts. */
  List<String> keys() {
    return keys;
  }

  /** Its name in files and options. */
  public String spelling() {
    return name().toLowerCase(Locale.ROOT);
  }
}
