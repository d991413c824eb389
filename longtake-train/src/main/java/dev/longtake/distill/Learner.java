package dev.longtake.distill;

import dev.longtake.optim.AdamW;
import dev.longtake.optim.FlatParameters;
import dev.longtake.optim.GradientClip;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.Finite;
import dev.longtake.train.Objective;
import dev.longtake.train.SavedPart;
import java.util.LinkedHashMap;
import java.util.Map;

/** One of the two networks that learn: its part of the weights, and its optimiser. */
final class Learner implements AutoCloseable {
  private final String name;
  private final DistillTraining.Updates updates;
  private final FlatParameters parameters;
  private final AdamW adam;

  /**
   * A part of the weights.
   *
   * @param name what its weights' names start with, before a dot
   */
  Learner(String name, DistillTraining.Updates updates, FlatParameters all) {
    this.name = name;
    this.updates = updates;
    parameters = all.part(name + ".");
    adam = new AdamW(updates.adam(), parameters);
  }

  FlatParameters parameters() {
    return parameters;
  }

  /**
   * Clips and updates.
   *
   * @param loss what the gradients are of
   * @param look whether values are wanted and checked, which waits for the device
   * @return values by tag, empty unless looked at
   */
  Map<String, Double> update(long step, Objective.Loss loss, boolean look) {
    var values = new LinkedHashMap<String, Double>();
    try (var scope = Scope.open()) {
      var norm = GradientClip.apply(parameters, updates.clip());
      double rate = updates.rate().at(step);
      if (look) {
        values.put(name + "_loss", loss.total().item());
        values.put(name + "_grad_norm", norm.item());
        loss.parts().forEach((tag, value) -> values.put(tag, value.item()));
        Finite.require(step, values, parameters);
      }
      adam.step(parameters, rate);
    }
    return values;
  }

  /** What a checkpoint holds of it, with other tensors besides. */
  SavedPart saved(Map<String, Tensor> more) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("values", parameters.values());
    tensors.put("first", adam.first());
    tensors.put("second", adam.second());
    tensors.putAll(more);
    return new SavedPart(name, adam.updates(), tensors);
  }

  /** Goes on from tensors that were read into {@link #saved}'s. */
  void goOn(long done) {
    adam.restore(done, adam.first(), adam.second());
  }

  @Override
  public void close() {
    adam.close();
    parameters.close();
  }
}
