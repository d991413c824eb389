package dev.longtake.rollout;

import dev.longtake.diffusion.Denoiser;
import dev.longtake.nn.Passage;
import dev.longtake.wan.Prompt;

/** The passes of one chunk, over what memory holds for it. */
public interface ChunkPasses {

  /**
   * The network under a prompt.
   *
   * @param prompt of the chunk's batch; gradients reach what it was read with, if they are on
   */
  Denoiser under(Prompt prompt);

  /** The same with the network's layers run by a passage. */
  Denoiser under(Prompt prompt, Passage passage);

  /** The same passes for later, when memory has gone on; the caller's to close. */
  KeptPasses keep();
}
