package dev.longtake.recipes;

import dev.longtake.nn.Weights;
import dev.longtake.optim.FlatParameters;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.Carried;
import dev.longtake.wan.WanConfig;
import dev.longtake.wan.WanTransformer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * A transformer all of whose weights are trained.
 *
 * @param file with the first weights
 * @param config its sizes
 * @param prefix what the names of its trained weights begin with
 */
record WholeTransformer(Path file, WanConfig config, String prefix) implements Trainee {

  @Override
  public Map<String, Tensor> first() {
    try (var scope = Scope.open();
        var given = TrainedWeights.given(file, Device.CPU, w -> WanTransformer.of(w, config))) {
      Map<String, Tensor> out = new LinkedHashMap<>();
      given.taken().forEach((name, weight) -> out.put(prefix + name, scope.keep(weight.detach())));
      return out;
    }
  }

  @Override
  public Network over(FlatParameters trained) {
    var weights = Weights.from(new Prefixed(trained, prefix));
    return new Network(
        WanTransformer.of(weights, config), weights, UnaryOperator.identity(), () -> {});
  }

  @Override
  public Map<String, Tensor> whole(Map<String, Tensor> trained) {
    return trained;
  }

  @Override
  public void leave(Map<String, Tensor> trained, Path output) {}

  @Override
  public long besideBytes() {
    return 0;
  }

  @Override
  public Carried carrying(Carried other) {
    return other;
  }
}
