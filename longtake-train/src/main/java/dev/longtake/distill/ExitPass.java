package dev.longtake.distill;

import dev.longtake.nn.Passage;
import dev.longtake.rollout.KeptPasses;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.Activations;

/**
 * The pass that a judged chunk ended with, to be made again.
 *
 * @param of whose generator makes it
 * @param chunk number in the rollout
 * @param pass of the sampler, from 0
 * @param noisy what it starts from
 * @param states of the prompt it is made under
 * @param passes over what memory held then
 */
record ExitPass(
    SelfRollout of,
    int chunk,
    int pass,
    @Axes("B C F Y X") Tensor noisy,
    @Axes("B T E") Tensor states,
    KeptPasses passes)
    implements AutoCloseable {

  /** The clean latents again, now with gradients. */
  Tensor again(Passage passage) {
    try (var scope = Scope.open();
        var on = Gradients.on()) {
      var prompt = of.generator().read(states);
      return scope.keep(of.sampler().jump(pass, passes.under(prompt, passage), noisy));
    }
  }

  /**
   * Adds the generator's gradient of a loss.
   *
   * @param slope the loss's gradient by all latents from frame {@code from} on
   * @param activations what becomes of the pass's
   */
  void backward(@Axes("B C F Y X") Tensor slope, int from, Activations activations) {
    try (var scope = Scope.open()) {
      int chunkFrames = ModelConfig.CHUNK;
      var own = slope.narrow(2, (long) chunk * chunkFrames - from, chunkFrames);
      try (var on = Gradients.on()) {
        activations.backward(passage -> again(passage).times(own).sum());
      }
    }
  }

  @Override
  public void close() {
    noisy.close();
    states.close();
    passes.close();
  }
}
