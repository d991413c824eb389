package dev.longtake.train;

import dev.longtake.checkpoint.AdapterFolder;
import dev.longtake.checkpoint.LowRank;
import dev.longtake.nn.Init;
import dev.longtake.optim.FlatParameters;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which weights a low-rank adapter changes, and how much it can (Hu et al. 2021, eq. 3). There is
 * no dropout.
 *
 * @param rank rows of A and columns of B, at least 1
 * @param alpha strength, above 0; the change is {@code alpha / rank · B A}
 * @param targets linears by the last parts of their names: {@code q} is every linear called so,
 *     {@code ffn.0} every first one of a feed-forward
 */
public record AdapterConfig(int rank, double alpha, List<String> targets) {
  private static final String WEIGHT = ".weight";

  /** Checks the ranges. */
  public AdapterConfig {
    targets = List.copyOf(targets);
    if (rank < 1 || !(alpha > 0)) {
      throw new IllegalArgumentException(
          "an adapter needs a rank of at least 1 and an alpha above 0, not "
              + rank
              + " and "
              + alpha);
    }
    if (targets.isEmpty() || targets.contains("")) {
      throw new IllegalArgumentException(
          "an adapter's targets must name linears, such as q, k, v and o, not " + targets);
    }
  }

  /** Rank and strength. */
  public LowRank sizes() {
    return new LowRank(rank, alpha);
  }

  /**
   * Fresh factors for a network: A drawn within ±1/√in, B zero, so that they change nothing yet.
   *
   * @param network its weights by name; looked at for their shapes only
   * @throws IllegalArgumentException naming a target that is no linear of the network
   */
  public FlatParameters draw(Map<String, Tensor> network, long seed, Device device) {
    requireLinears(network);
    // Drawn on the processor, so that a seed means the same start on every device.
    try (var scope = Scope.open();
        var rng = Rng.seeded(seed, Device.CPU)) {
      Map<String, Tensor> factors = new LinkedHashMap<>();
      network.forEach(
          (name, weight) -> {
            if (changes(name, weight)) {
              factors.put(AdapterFolder.keyOfA(name), Init.FAN_IN.draw(rng, rank, weight.size(1)));
              factors.put(AdapterFolder.keyOfB(name), Init.ZEROS.draw(rng, weight.size(0), rank));
            }
          });
      return FlatParameters.copyOf(factors, device);
    }
  }

  /**
   * Refuses targets that a network does not have.
   *
   * @param network its weights by name; looked at for their shapes only
   * @throws IllegalArgumentException naming a target that is no linear of the network
   */
  public void requireLinears(Map<String, Tensor> network) {
    for (var target : targets) {
      boolean there =
          network.entrySet().stream()
              .anyMatch(weight -> isLinear(target, weight.getKey(), weight.getValue()));
      if (!there) {
        throw new IllegalArgumentException(
            "the adapter's target " + target + " is no linear of the network; leave it out");
      }
    }
  }

  /** Whether it changes a weight of that name and shape. */
  public boolean changes(String name, Tensor weight) {
    return targets.stream().anyMatch(target -> isLinear(target, name, weight));
  }

  private static boolean isLinear(String target, String name, Tensor weight) {
    return weight.rank() == 2
        && (name.equals(target + WEIGHT) || name.endsWith("." + target + WEIGHT));
  }
}
