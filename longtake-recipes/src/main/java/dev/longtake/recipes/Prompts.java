package dev.longtake.recipes;

import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoModel;
import dev.longtake.text.Tokenizer;
import java.nio.file.Path;
import java.util.List;

/** Prompts that a run names, read before it begins. */
final class Prompts {
  private Prompts() {}

  /**
   * Refuses what a model cannot read.
   *
   * @param folder with its tokenizer
   * @throws IllegalArgumentException if a prompt is empty or too long
   */
  static void check(List<String> prompts, Path folder, ModelConfig config) {
    try (var tokenizer =
        Tokenizer.open(folder.resolve(VideoModel.TOKENIZER), config.transformer().textLen())) {
      prompts.forEach(tokenizer::check);
    }
  }

  /**
   * Refuses a negative prompt that a model cannot read.
   *
   * @param key for messages
   * @param prompt empty for none
   * @throws IllegalArgumentException naming the key, if it is too long
   */
  static void checkNegative(String key, String prompt, Path folder, ModelConfig config) {
    if (prompt.isEmpty()) {
      return;
    }
    try {
      check(List.of(prompt), folder, config);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(key + ": " + e.getMessage(), e);
    }
  }
}
