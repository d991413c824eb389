package dev.longtake.checkpoint;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The factors in an adapter's file, paired by the weight they change.
 *
 * <p>Keys are those of Python's peft, {@code base_model.model.X.lora_A.weight} and {@code
 * …lora_B.weight}, with or without the adapter's name ({@code lora_A.default.weight}) and
 * training's wrappers.
 *
 * @param a the key of A, [rank, in]
 * @param b the key of B, [out, rank]
 */
record AdapterFactors(String a, String b) {
  private static final Pattern KEY =
      Pattern.compile("(?:base_model\\.)?(.+)\\.lora_([AB])(?:\\.[^.]+)?\\.weight");

  /**
   * Every pair by the name of its weight.
   *
   * @throws CheckpointException if a key is no factor's, or a factor stands alone
   */
  static Map<String, AdapterFactors> in(TensorFile adapter) {
    Map<String, String> as = new LinkedHashMap<>();
    Map<String, String> bs = new LinkedHashMap<>();
    for (var key : adapter.names()) {
      var match = KEY.matcher(key);
      if (!match.matches()) {
        throw wrong(adapter, key, "is no factor lora_A or lora_B of an adapter; merge those only");
      }
      var weight = KeyMap.unwrapping().name(match.group(1) + ".weight").orElseThrow();
      var other = (match.group(2).equals("A") ? as : bs).put(weight, key);
      if (other != null) {
        throw wrong(
            adapter,
            key,
            "adapts the same weight as "
                + CheckpointException.quoted(other)
                + "; open the part of the file that holds one adapter only");
      }
    }
    Map<String, AdapterFactors> pairs = new LinkedHashMap<>();
    as.forEach(
        (weight, a) -> {
          var b = Optional.ofNullable(bs.remove(weight)).orElseThrow(() -> alone(adapter, a));
          pairs.put(weight, new AdapterFactors(a, b));
        });
    if (!bs.isEmpty()) {
      throw alone(adapter, bs.values().iterator().next());
    }
    return pairs;
  }

  private static CheckpointException alone(TensorFile adapter, String key) {
    return wrong(adapter, key, "has no other factor beside it; download it again");
  }

  static CheckpointException wrong(TensorFile adapter, String key, String what) {
    return new CheckpointException(
        adapter.description(), "tensor " + CheckpointException.quoted(key) + " " + what);
  }
}
