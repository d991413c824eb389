package dev.longtake.rollout;

import dev.longtake.diffusion.Denoiser;
import dev.longtake.memory.KvPast;
import dev.longtake.nn.Passage;
import dev.longtake.nn.Rotary;
import dev.longtake.tensor.Tensor;
import dev.longtake.wan.Prompt;
import java.util.ArrayList;
import java.util.List;

/**
 * The passes of a chunk that memory has left behind: what it attended is kept, so that a pass made
 * again gives what it gave. This is how a long rollout is differentiated without the memory of its
 * graph.
 */
public final class KeptPasses implements AutoCloseable {

  /** Makes the network that attends a past. */
  @FunctionalInterface
  interface Maker {
    Denoiser denoiser(KvPast past, Rotary rotary, Prompt prompt, Passage passage);
  }

  private final KvPast past;
  private final Rotary rotary;
  private final Maker maker;

  /** Owns past and rotary. */
  KeptPasses(KvPast past, Rotary rotary, Maker maker) {
    this.past = past;
    this.rotary = rotary;
    this.maker = maker;
  }

  /** The network under a prompt of the chunk's batch. */
  public Denoiser under(Prompt prompt) {
    return under(prompt, Passage.DIRECT);
  }

  /** The same with the network's layers run by a passage. */
  public Denoiser under(Prompt prompt, Passage passage) {
    return maker.denoiser(past, rotary, prompt, passage);
  }

  /** All that is kept, for {@link #with}; they stay this object's. */
  public List<Tensor> tensors() {
    var all = new ArrayList<Tensor>();
    all.add(rotary.rotation());
    all.addAll(past.tensors());
    return all;
  }

  /**
   * The same passes over other tensors of the same sizes, which stay the caller's: what is returned
   * is not to be closed.
   *
   * @param tensors in the order of {@link #tensors}
   */
  public KeptPasses with(List<Tensor> tensors) {
    var others = KvPast.of(tensors.subList(1, tensors.size()), past.layers());
    return new KeptPasses(others, new Rotary(tensors.getFirst()), maker);
  }

  @Override
  public void close() {
    past.close();
    rotary.rotation().close();
  }
}
