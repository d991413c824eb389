package dev.longtake.pretrained;

/** A file that is given beside a published folder, or in place of one of its own. */
public enum FileRole {
  /**
   * A trained transformer: a file, or the folder that its repository was downloaded to, in which
   * the preset's file names are looked for.
   */
  CHECKPOINT,

  /** The adapter to merge into the transformer, where the preset names one. */
  ADAPTER,

  /** Another text encoder, such as one of eight bits. */
  TEXT_ENCODER,

  /** Another file of the same autoencoder. */
  VAE,

  /** The tiny decoder, to make pictures with. */
  TINY_DECODER,

  /** The tokenizer's {@code tokenizer.json}. */
  TOKENIZER
}
