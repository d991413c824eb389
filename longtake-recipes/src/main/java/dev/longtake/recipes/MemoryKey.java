package dev.longtake.recipes;

import dev.longtake.memory.MemoryPolicies;
import dev.longtake.memory.RollingWindow;
import dev.longtake.rollout.ModelConfig;

/** A key of run files that names a memory. */
final class MemoryKey {
  private MemoryKey() {}

  /**
   * Checks what it names.
   *
   * @param key for messages
   * @param spec in {@link MemoryPolicies} notation
   * @throws IllegalArgumentException naming the key, if there is no such memory, it has no room for
   *     a chunk, or no stage trains for it
   */
  static void check(String key, String spec) {
    try {
      var memory = MemoryPolicies.parse(spec);
      memory.requireRoom(ModelConfig.CHUNK);
      if (memory instanceof RollingWindow) {
        throw new IllegalArgumentException(
            "no stage trains a model that makes several chunks together; give another memory");
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(key + " is '" + spec + "': " + e.getMessage(), e);
    }
  }
}
