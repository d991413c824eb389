package dev.longtake.rollout;

import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.wan.Prompt;
import java.util.List;

/**
 * What a chunk is made of besides noise: a prompt, and what guidance leads away from, as every
 * layer reads them. Confined to one thread.
 */
public final class Conditions implements AutoCloseable {
  private final VideoModel model;
  private final Prompt unprompted;
  private Prompt prompt;

  private Conditions(VideoModel model, String text) {
    this.model = model;
    model.tokenizer().check(text);
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var config = model.config();
      var states =
          switch (config.unconditional()) {
            case ZEROS -> {
              var encoded = model.text().encode(text);
              yield List.of(encoded, encoded.times(0));
            }
            case PROMPT -> model.text().encode(List.of(text, config.negativePrompt()));
          };
      var shown = model.transformer().read(states.get(0));
      unprompted = model.transformer().read(states.get(1)).escape();
      prompt = shown.escape(); // only now: had the second reading failed, the scope would free it
    }
  }

  /**
   * Reads a prompt, and the model's own if guidance leads away from one.
   *
   * @throws IllegalArgumentException if the prompt is empty or too long
   */
  public static Conditions read(VideoModel model, String text) {
    return new Conditions(model, text);
  }

  /** What the video shows. */
  public Prompt prompt() {
    return prompt;
  }

  /** What guidance leads away from, see {@link Unconditional}. */
  public Prompt unprompted() {
    return unprompted;
  }

  /**
   * Changes the prompt and frees the old one.
   *
   * @throws IllegalArgumentException if the prompt is empty or too long; nothing changes then
   */
  public void change(String text) {
    model.tokenizer().check(text);
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var before = prompt;
      prompt = model.transformer().read(model.text().encode(text)).escape();
      before.close();
    }
  }

  @Override
  public void close() {
    prompt.close();
    unprompted.close();
  }
}
