package dev.longtake.recipes;

import dev.longtake.diffusion.FewStepSampler;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.memory.MemoryPolicy;
import dev.longtake.optim.OrElse;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.Recall;

/**
 * The model that is distilled into few steps.
 *
 * @param from folder of the model whose transformer it starts from; autoencoder, text encoder and
 *     tokenizer stay that model's
 * @param memory what it may look back at, in {@link MemoryPolicies} notation
 * @param sampling how it is sampled, in training and afterwards; of kind few_step, without guidance
 * @param recall where the keys of remembered frames come from, in training and afterwards
 */
public record StudentKeys(
    String from, String memory, ModelConfig.Sampling sampling, @OrElse("cached") Recall recall) {

  /** Checks memory and sampler. */
  public StudentKeys {
    MemoryKey.check("memory", memory);
    MemoryPolicies.policy(memory);
    if (sampling.kind() != ModelConfig.SamplerKind.FEW_STEP || sampling.guidance() != 1) {
      throw new IllegalArgumentException(
          "a student samples with kind few_step and guidance 1, not "
              + sampling.kind()
              + " and "
              + sampling.guidance()
              + "; guidance goes to the teacher");
    }
  }

  /** What it may look back at. */
  MemoryPolicy policy() {
    return MemoryPolicies.policy(memory);
  }

  /** Its few steps. */
  FewStepSampler sampler() {
    return (FewStepSampler) sampling.sampler();
  }

  /**
   * The finished student's configuration: that of the model it came from, sampled and recalled so.
   */
  ModelConfig config(ModelConfig start, String name) {
    return start.named(name).sampled(sampling).remembering(memory, recall);
  }
}
