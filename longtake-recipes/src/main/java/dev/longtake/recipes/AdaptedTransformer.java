package dev.longtake.recipes;

import dev.longtake.checkpoint.AdapterFolder;
import dev.longtake.checkpoint.CheckpointSource;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.nn.Weights;
import dev.longtake.optim.FlatParameters;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.AdapterConfig;
import dev.longtake.train.Carried;
import dev.longtake.train.LowRankWeights;
import dev.longtake.wan.WanConfig;
import dev.longtake.wan.WanTransformer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A transformer that a low-rank adapter changes; its own weights stay as they are.
 *
 * @param adapter rank, strength and which linears
 * @param file its own weights
 * @param config its sizes
 * @param prefix what the names of its factors begin with
 * @param seed of the first factors
 */
record AdaptedTransformer(
    AdapterConfig adapter, Path file, WanConfig config, String prefix, long seed)
    implements Trainee {
  /** Where the adapter is left, in the output folder. */
  static final String FOLDER = "adapter";

  /** Refuses targets that there are not. */
  AdaptedTransformer {
    try (var outline = Weights.outline()) {
      WanTransformer.of(outline, config);
      adapter.requireLinears(outline.taken());
    }
  }

  @Override
  public Map<String, Tensor> first() {
    try (var scope = Scope.open();
        var outline = Weights.outline()) {
      WanTransformer.of(outline, config);
      try (var drawn = adapter.draw(outline.taken(), seed, Device.CPU)) {
        Map<String, Tensor> out = new LinkedHashMap<>();
        drawn
            .names()
            .forEach(
                name ->
                    out.put(prefix + name, scope.keep(drawn.view(drawn.values(), name).detach())));
        return out;
      }
    }
  }

  @Override
  public Network over(FlatParameters trained) {
    return network(trained, prefix);
  }

  private Network network(FlatParameters factors, String named) {
    try (var opened = Safetensors.open(file)) {
      var base =
          new CheckpointSource(opened, KeyMap.identity(), Dtype.FLOAT32, factors.values().device());
      var source = new LowRankWeights(base, factors, adapter.sizes(), named);
      var weights = Weights.from(source);
      try {
        var model = WanTransformer.of(weights, config);
        base.requireNothingSpare(weights);
        source.requireAllUsed();
        return new Network(model, weights, source::adapting, source::close);
      } catch (RuntimeException | Error e) {
        weights.close();
        source.close();
        throw e;
      }
    }
  }

  @Override
  public Map<String, Tensor> whole(Map<String, Tensor> trained) {
    try (var scope = Scope.open();
        var factors = FlatParameters.copyOf(trained, Device.CPU);
        var network = network(factors, "")) {
      Map<String, Tensor> out = new LinkedHashMap<>();
      network.weights().taken().forEach((name, w) -> out.put(name, scope.keep(w.detach())));
      return out;
    }
  }

  /** As peft keeps adapters. */
  @Override
  public void leave(Map<String, Tensor> trained, Path output) {
    AdapterFolder.write(
        Workplace.folder(output.resolve(FOLDER)), trained, adapter.sizes(), adapter.targets());
  }

  /** All weights as they are, and of those that it changes the sum and its gradient. */
  @Override
  public long besideBytes() {
    try (var scope = Scope.open();
        var outline = Weights.outline()) {
      WanTransformer.of(outline, config);
      long changed =
          outline.taken().entrySet().stream()
              .filter(weight -> adapter.changes(weight.getKey(), weight.getValue()))
              .mapToLong(weight -> weight.getValue().count())
              .sum();
      return Dtype.FLOAT32.bytes() * (outline.parameters() + 2 * changed);
    }
  }

  @Override
  public Carried carrying(Carried other) {
    return new CarriedBase(prefix + "base", file, "adapter was trained on", other);
  }
}
