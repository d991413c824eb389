package dev.longtake.rollout;

import dev.longtake.nn.Weights;
import dev.longtake.text.Umt5Encoder;
import dev.longtake.vae.WanVae;
import dev.longtake.wan.WanTransformer;
import java.util.List;
import java.util.Map;

/** The networks of a model. */
public enum ModelPart {
  /** Prompts to states. */
  TEXT_ENCODER("the text encoder", VideoModel.TEXT_ENCODER),

  /** Noise to latents. */
  TRANSFORMER("the transformer", VideoModel.TRANSFORMER),

  /** Latents to pictures and back. */
  VAE("the video autoencoder", VideoModel.VAE);

  private final String words;
  private final String file;

  ModelPart(String words, String file) {
    this.words = words;
    this.file = file;
  }

  /** The name of its file in a folder of this project's own layout. */
  public String file() {
    return file;
  }

  /** The weights it takes: their shapes by name. */
  public Map<String, List<Long>> shapes(ModelConfig config) {
    try (var outline = Weights.outline()) {
      switch (this) {
        case TEXT_ENCODER -> Umt5Encoder.of(outline, config.textEncoder());
        case TRANSFORMER -> WanTransformer.of(outline, config.transformer());
        case VAE -> WanVae.of(config.vae(), outline).close();
      }
      return outline.shapes();
    }
  }

  /** What it is, for messages. */
  @Override
  public String toString() {
    return words;
  }
}
