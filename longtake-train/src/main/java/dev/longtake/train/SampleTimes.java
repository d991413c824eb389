package dev.longtake.train;

import dev.longtake.optim.FlatParameters;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * When samples are made.
 *
 * @param every steps between them, at least 1
 * @param maker makes them
 */
public record SampleTimes(long every, Samples maker) {
  /** Never. */
  public static final SampleTimes NONE = new SampleTimes(Long.MAX_VALUE, (at, weights) -> {});

  /** Checks the steps. */
  public SampleTimes {
    if (every < 1) {
      throw new IllegalArgumentException("steps between samples must be at least 1, not " + every);
    }
  }

  /**
   * Makes samples if it is time.
   *
   * @param step how many were taken
   * @param average averaged weights, laid out like the parameters
   */
  public void after(long step, FlatParameters parameters, Tensor average) {
    if (step % every != 0) {
      return;
    }
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      Map<String, Tensor> weights = new LinkedHashMap<>();
      parameters.names().forEach(name -> weights.put(name, parameters.view(average, name)));
      maker.make(step, weights);
    }
  }
}
