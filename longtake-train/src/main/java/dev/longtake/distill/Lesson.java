package dev.longtake.distill;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * What a critic learns from, as tensors alone.
 *
 * @param asked what it is asked
 * @param judged x, the generator's latents
 * @param noise ε, in the noisy copy of those
 * @param weights w of each video
 */
record Lesson(
    Asked asked,
    @Axes("B C F Y X") Tensor judged,
    @Axes("B C F Y X") Tensor noise,
    @Axes("B 1 1 1 1") Tensor weights) {

  /** From {@link #tensors}, or others of the same sizes. */
  static Lesson of(Asked.Plan plan, List<Tensor> tensors) {
    int at = plan.tensors();
    return new Lesson(plan.of(tensors), tensors.get(at), tensors.get(at + 1), tensors.get(at + 2));
  }

  /** All of them, for {@link #of}. */
  List<Tensor> tensors() {
    var all = new ArrayList<>(asked.tensors());
    all.addAll(List.of(judged, noise, weights));
    return all;
  }

  /** {@link Dmd#critic} of its flow, owned by the caller's scope. */
  Tensor loss(ScoreNetwork critic) {
    try (var scope = Scope.open()) {
      return scope.keep(Dmd.critic(critic.flow(asked), judged, noise, weights));
    }
  }

  /** The same without its graph, once its gradient is added to the critic's weights. */
  Tensor learnt(ScoreNetwork critic) {
    try (var scope = Scope.open();
        var on = Gradients.on()) {
      var loss = loss(critic);
      loss.backward();
      return scope.keep(loss.detach());
    }
  }
}
