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
  TEXT_ENCODER("the text encoder") {
    @Override
    public Map<String, List<Long>> shapes(ModelConfig config) {
      return Weights.shapes(weights -> Umt5Encoder.of(weights, config.textEncoder()));
    }
  },

  /** Noise to latents. */
  TRANSFORMER("the transformer") {
    @Override
    public Map<String, List<Long>> shapes(ModelConfig config) {
      return Weights.shapes(weights -> WanTransformer.of(weights, config.transformer()));
    }
  },

  /** Latents to pictures and back. */
  VAE("the video autoencoder") {
    @Override
    public Map<String, List<Long>> shapes(ModelConfig config) {
      return Weights.shapes(weights -> WanVae.of(config.vae(), weights).close());
    }
  };

  private final String words;

  ModelPart(String words) {
    this.words = words;
  }

  /** The weights it takes: their shapes by name. */
  public abstract Map<String, List<Long>> shapes(ModelConfig config);

  /** What it is, for messages. */
  @Override
  public String toString() {
    return words;
  }
}
