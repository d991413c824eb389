package dev.longtake.distill;

import dev.longtake.nn.Passage;
import dev.longtake.rollout.KeptPasses;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Repeats;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.Activations;
import dev.longtake.wan.WanTransformer;
import java.util.ArrayList;
import java.util.List;

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

  /** What is replayed: a pass of the sampler. */
  private record Use(WanTransformer generator, int pass) {}

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
   * @param repeats runs the pass
   */
  void backward(
      @Axes("B C F Y X") Tensor slope, int from, Activations activations, Repeats repeats) {
    try (var scope = Scope.open()) {
      int chunkFrames = ModelConfig.CHUNK;
      var own = slope.narrow(2, (long) chunk * chunkFrames - from, chunkFrames);
      var given = new ArrayList<>(List.of(own, noisy, states));
      given.addAll(passes.tensors());
      repeats.run(
          new Use(of.generator(), pass),
          given,
          tensors -> with(tensors).backward(tensors.getFirst(), activations));
    }
  }

  /** The same pass from other tensors, which stay the caller's; the first is the slope. */
  private ExitPass with(List<Tensor> tensors) {
    var kept = passes.with(tensors.subList(3, tensors.size()));
    return new ExitPass(of, chunk, pass, tensors.get(1), tensors.get(2), kept);
  }

  /** The number that is differentiated, once its gradient is added. */
  private Tensor backward(@Axes("B C F Y X") Tensor own, Activations activations) {
    try (var on = Gradients.on()) {
      return activations.backward(passage -> again(passage).times(own).sum());
    }
  }

  @Override
  public void close() {
    noisy.close();
    states.close();
    passes.close();
  }
}
