package dev.longtake.recipes;

import dev.longtake.nn.Weights;
import dev.longtake.optim.FlatParameters;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.TrainingLoop;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/** The weights that a stage begins with and those that it leaves. */
final class TrainedWeights {
  private TrainedWeights() {}

  /** The weights that {@code build} asks for, freshly drawn; the caller closes them. */
  static FlatParameters drawn(long seed, Device device, Consumer<Weights> build) {
    // Drawn on the processor, so that a seed means the same start on every device.
    try (var scope = Scope.open();
        var rng = Rng.seeded(seed, Device.CPU);
        var drawn = Weights.random(rng, Dtype.FLOAT32)) {
      build.accept(drawn);
      return FlatParameters.copyOf(drawn.taken(), device);
    }
  }

  /**
   * The weights of a finished model's file in FLOAT32, all that {@code build} asks for and no
   * others; the caller closes them.
   */
  static Weights given(Path path, Device device, Consumer<Weights> build) {
    return Fixed.of(
            path,
            Dtype.FLOAT32,
            device,
            weights -> {
              build.accept(weights);
              return weights;
            })
        .weights();
  }

  /** Averaged weights whose names start so, without that start; views, owned by the scope. */
  static Map<String, Tensor> averaged(FlatParameters parameters, TrainingLoop loop, String prefix) {
    Map<String, Tensor> out = new LinkedHashMap<>();
    for (var name : parameters.names()) {
      if (name.startsWith(prefix)) {
        out.put(name.substring(prefix.length()), parameters.view(loop.average().average(), name));
      }
    }
    return out;
  }
}
