package dev.longtake.pretrained;

import java.util.Map;

/**
 * Names by how they begin, segment by segment.
 *
 * @param renamed what a beginning becomes; no beginning may be the beginning of another
 */
record Stems(Map<String, String> renamed) {

  /** The name with its beginning renamed, or as it is. */
  String apply(String name) {
    for (var stem : renamed.entrySet()) {
      var old = stem.getKey();
      if (name.equals(old) || name.startsWith(old + ".")) {
        return stem.getValue() + name.substring(old.length());
      }
    }
    return name;
  }
}
