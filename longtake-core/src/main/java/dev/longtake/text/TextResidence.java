package dev.longtake.text;

/** Where a text encoder is while no prompt is read. The published one takes 11 GB in BFLOAT16. */
public enum TextResidence {
  /** On the model's device, for good: small encoders, and prompts that change often. */
  DEVICE,

  /**
   * Nowhere: read onto the model's device for new prompts, and freed as soon as they are encoded.
   */
  PASSING,

  /**
   * In the processor's memory, for good, where it also encodes: slower, and no GPU memory at all.
   */
  PROCESSOR
}
