package dev.longtake.train;

import dev.longtake.optim.FlatParameters;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Map;
import java.util.Optional;

/** Refuses to go on with numbers that are none. */
public final class Finite {
  private Finite() {}

  /**
   * Checks what a step computed.
   *
   * @param step from 0, for the message
   * @param values by the tag under which they are logged
   * @param parameters with their gradients, to name the weight that broke
   * @throws TrainingException naming step, tag and weight
   */
  public static void require(long step, Map<String, Double> values, FlatParameters parameters) {
    values.forEach(
        (tag, value) -> {
          if (!Double.isFinite(value)) {
            throw new TrainingException(
                "step "
                    + step
                    + ": "
                    + tag
                    + " is "
                    + value
                    + firstBroken(parameters)
                    + "; resume from the last checkpoint with a lower learning rate, or with"
                    + " log_every 1 to find the step where it began");
          }
        });
  }

  /**
   * A broken weight broke the gradients, not the other way round, so weights are looked at first.
   */
  private static String firstBroken(FlatParameters parameters) {
    return firstNotFinite(parameters, parameters.values())
        .map(name -> ", weight " + name + " is not finite")
        .or(
            () ->
                firstNotFinite(parameters, parameters.gradients())
                    .map(name -> ", the gradient of " + name + " is not finite"))
        .orElse("");
  }

  private static Optional<String> firstNotFinite(FlatParameters parameters, Tensor flat) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      return parameters.names().stream()
          .filter(name -> !Double.isFinite(parameters.view(flat, name).square().sum().item()))
          .findFirst();
    }
  }
}
