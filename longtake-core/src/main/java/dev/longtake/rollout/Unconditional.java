package dev.longtake.rollout;

/** What classifier-free guidance leads away from; a model is trained for one of them. */
public enum Unconditional {
  /** States of zeros, as of a caption that training hid. The bundled model knows these. */
  ZEROS,

  /**
   * A prompt like any other, read by the text encoder: the empty text, or one that names what is
   * not wanted. The published models know these.
   */
  PROMPT
}
