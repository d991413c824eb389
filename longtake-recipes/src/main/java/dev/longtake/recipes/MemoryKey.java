package dev.longtake.recipes;

import dev.longtake.memory.MemoryPolicies;
import dev.longtake.rollout.ModelConfig;

/** A key of run files that names a memory. */
final class MemoryKey {
  private MemoryKey() {}

  /**
   * Checks what it names.
   *
   * @param key for messages
   * @param spec in {@link MemoryPolicies} notation
   * @throws IllegalArgumentException naming the key, if there is no such memory, or it has no room
   *     for a chunk
   */
  static void check(String key, String spec) {
    try {
      MemoryPolicies.parse(spec).requireRoom(ModelConfig.CHUNK);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(key + " is '" + spec + "': " + e.getMessage(), e);
    }
  }
}
