package dev.longtake.checkpoint;

import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What we call a tensor of a file. It goes from the file's keys to our names, so that strict
 * loading can tell the keys that nobody takes.
 */
@FunctionalInterface
public interface KeyMap {

  /** Our name for that key; empty if the key is deliberately none of ours. */
  Optional<String> name(String key);

  /** Keys are names. */
  static KeyMap identity() {
    return Optional::of;
  }

  /**
   * Drops what training wraps around a model: the segments {@code _fsdp_wrapped_module}, {@code
   * _checkpoint_wrapped_module} and {@code _orig_mod} anywhere, and {@code model} at the front, in
   * any order and number.
   */
  static KeyMap unwrapping() {
    var wrappers = Set.of("_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_orig_mod");
    return key ->
        Optional.of(
            Arrays.stream(key.split("\\.", -1))
                .filter(segment -> !wrappers.contains(segment))
                .dropWhile("model"::equals)
                .collect(Collectors.joining(".")));
  }

  /** Only keys that start so, without that start; for one model inside a file of several. */
  static KeyMap under(String prefix) {
    return key ->
        key.startsWith(prefix) ? Optional.of(key.substring(prefix.length())) : Optional.empty();
  }

  /** This map, then another on its names. */
  default KeyMap then(KeyMap next) {
    return key -> name(key).flatMap(next::name);
  }
}
