package dev.longtake.recipes;

import dev.longtake.nn.Init;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Tensor;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The weights of one of several networks under its own names.
 *
 * @param all of all networks
 * @param prefix what this one's names begin with there
 */
record Prefixed(Weights.Source all, String prefix) implements Weights.Source {

  @Override
  public Tensor read(String name, Init init, long... shape) {
    return all.read(prefix + name, init, shape);
  }

  @Override
  public Set<String> names() {
    return all.names().stream()
        .filter(name -> name.startsWith(prefix))
        .map(name -> name.substring(prefix.length()))
        .collect(Collectors.toSet());
  }
}
