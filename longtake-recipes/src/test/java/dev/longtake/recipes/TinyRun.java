package dev.longtake.recipes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A run file whose every stage takes a second or two on a processor. */
final class TinyRun {
  static final String YAML =
      """
      stage: from-nothing
      model:
        name: tiny
        video: {width: 32, height: 16, fps: 16}
        transformer: {dim: 16, ffn_dim: 16, freq_dim: 8, text_dim: 8, text_len: 40,
          in_dim: 2, num_heads: 2, num_layers: 1}
        vae: {dim: 4, z_dim: 2, multipliers: [1, 1, 1, 1], res_blocks: 1,
          temporal_down: [false, true, true], latent_mean: [0, 0], latent_std: [1, 1]}
        text_encoder: {vocab: 50, dim: 8, dim_attention: 8, dim_ffn: 8, heads: 2, layers: 1,
          buckets: 32, max_distance: 128}
        sampling: {kind: euler, steps: 2, shift: 3, guidance: 1}
        memory: "slow-fast:sink=3,slow=3,fast=6"
        recall: recomputed
      dtype: bfloat16
      vae:
        pictures: 5
        lengths: [5]
        columns: 16
        worlds: 2
        divergence_weight: 1.0e-6
        training:
          seed: 1
          steps: 4
          rate: {peak: 1.0e-3, warmup: 1, steps: 4, floor: 0.1}
          adam: {beta1: 0.9, beta2: 0.99, eps: 1.0e-8, weight_decay: 0.01}
          clip: 1.0
          ema_decay: 0.9
          log_every: 1
          save_every: 2
      footage:
        videos: 2
        latent_frames: 15
        together: 1
        memories: ["slow-fast:sink=3,slow=3,fast=6,threshold=2", "slow-fast:sink=3,slow=3,fast=6"]
      causal:
        frames_per_step: 24
        first: 0.25
        filling: 0.25
        forcing: 0.25
        forced_frames: 6
        objective: {shift: 3, draws: 2, context_noise: 0.3, prompt_dropout: 0.1}
        training:
          seed: 2
          steps: 4
          rate: {peak: 1.0e-3, warmup: 1, steps: 4, floor: 0.1}
          adam: {beta1: 0.9, beta2: 0.99, eps: 1.0e-8, weight_decay: 0.01}
          clip: 1.0
          ema_decay: 0.9
          log_every: 1
          save_every: 2
      decoder:
        pictures: 5
        lengths: [5]
        columns: 32
        worlds: 2
        training:
          seed: 3
          steps: 4
          rate: {peak: 1.0e-3, warmup: 1, steps: 4, floor: 0.1}
          adam: {beta1: 0.9, beta2: 0.99, eps: 1.0e-8, weight_decay: 0}
          clip: 1.0
          ema_decay: 0.9
          log_every: 1
          save_every: 2
      """;

  private TinyRun() {}

  /** Writes the run file into a folder and reads it with other settings. */
  static TrainingRun with(Path folder, Map<String, String> settings) throws IOException {
    return (TrainingRun)
        RunFiles.read(Files.writeString(folder.resolve("tiny.yaml"), YAML), settings);
  }
}
