package dev.longtake.rollout;

import dev.longtake.memory.Memory;

/**
 * What is to be generated.
 *
 * @param prompt what the video shows; not empty
 * @param seed of all randomness
 * @param memory what the model may look back at
 * @param sampling how noise becomes a chunk
 */
public record VideoRequest(String prompt, long seed, Memory memory, ModelConfig.Sampling sampling) {

  /** As the model was trained to be used, with seed 0. */
  public static VideoRequest of(ModelConfig config, String prompt) {
    return new VideoRequest(prompt, 0, config.policy(), config.sampling());
  }

  /** With another seed. */
  public VideoRequest withSeed(long other) {
    return new VideoRequest(prompt, other, memory, sampling);
  }

  /** With another memory. */
  public VideoRequest withMemory(Memory other) {
    return new VideoRequest(prompt, seed, other, sampling);
  }

  /** With another sampler. */
  public VideoRequest withSampling(ModelConfig.Sampling other) {
    return new VideoRequest(prompt, seed, memory, other);
  }
}
