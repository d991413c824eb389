package dev.longtake.rollout;

import dev.longtake.diffusion.Denoiser;
import dev.longtake.memory.KvPast;
import dev.longtake.nn.Passage;
import dev.longtake.nn.Rotary;
import dev.longtake.wan.Prompt;
import java.util.function.BiFunction;

/**
 * The passes of a chunk that memory has left behind: what it attended is kept, so that a pass made
 * again gives what it gave. This is how a long rollout is differentiated without the memory of its
 * graph.
 */
public final class KeptPasses implements AutoCloseable {
  private final KvPast past;
  private final Rotary rotary;
  private final BiFunction<Prompt, Passage, Denoiser> denoiser;

  /** Owns what it is given. */
  KeptPasses(KvPast past, Rotary rotary, BiFunction<Prompt, Passage, Denoiser> denoiser) {
    this.past = past;
    this.rotary = rotary;
    this.denoiser = denoiser;
  }

  /** The network under a prompt of the chunk's batch. */
  public Denoiser under(Prompt prompt) {
    return under(prompt, Passage.DIRECT);
  }

  /** The same with the network's layers run by a passage. */
  public Denoiser under(Prompt prompt, Passage passage) {
    return denoiser.apply(prompt, passage);
  }

  @Override
  public void close() {
    past.close();
    rotary.rotation().close();
  }
}
