package dev.longtake.recipes;

import dev.longtake.checkpoint.CheckpointSource;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.TensorFile;
import dev.longtake.nn.Init;
import dev.longtake.nn.Weights;
import dev.longtake.optim.FlatParameters;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Tensor;
import java.util.Set;

/** Weights of which some are trained and the rest are read, FLOAT32, from a file. */
record PartlyTrained(FlatParameters trained, CheckpointSource rest) implements Weights.Source {

  PartlyTrained(FlatParameters trained, TensorFile file, Device device) {
    this(trained, new CheckpointSource(file, KeyMap.identity(), Dtype.FLOAT32, device));
  }

  @Override
  public Tensor read(String name, Init init, long... shape) {
    return (trained.names().contains(name) ? trained : rest).read(name, init, shape);
  }

  @Override
  public Set<String> names() {
    return rest.names();
  }
}
