package dev.longtake.inspect;

import dev.longtake.inspect.Recognised.Kind;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Changes to a network's matrices as products of two thin ones, under either of the two customary
 * pairs of names: {@code lora_A} and {@code lora_B}, or {@code lora_down} and {@code lora_up}.
 */
final class LowRankNames {
  private static final Pattern DOWN = Pattern.compile("\\.lora_(A|down)(\\.[^.]+)?\\.weight$");
  private static final Pattern OTHER =
      Pattern.compile("\\.lora_(B|up)(\\.[^.]+)?\\.weight$|\\.(alpha|diff|diff_b)$");

  private LowRankNames() {}

  static Optional<Recognised> in(List<TensorInfo> tensors) {
    var ranks = new TreeSet<Long>();
    long matrices = 0;
    for (var tensor : tensors) {
      if (DOWN.matcher(tensor.name()).find() && !tensor.shape().isEmpty()) {
        ranks.add(tensor.shape().getFirst());
        matrices++;
      } else if (!OTHER.matcher(tensor.name()).find()) {
        return Optional.empty();
      }
    }
    if (ranks.isEmpty()) {
      return Optional.empty();
    }
    Map<String, Long> sizes = new LinkedHashMap<>();
    sizes.put("rank", ranks.last());
    sizes.put("matrices", matrices);
    return Optional.of(
        new Recognised(
            Kind.LORA,
            "",
            sizes,
            ranks.size() == 1 ? List.of() : List.of("ranks from " + ranks.first())));
  }
}
