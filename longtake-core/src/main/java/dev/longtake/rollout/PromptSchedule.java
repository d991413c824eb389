package dev.longtake.rollout;

import static dev.longtake.rollout.ModelConfig.CHUNK;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The prompts of one video, and from which chunk on each holds. Prompts change between chunks only.
 * {@link PromptLine} and {@link PromptFile} read it from what people write.
 *
 * @param shots in order; the first begins with the video
 * @param chunks how many chunks the video has, if whoever wrote the prompts said so
 */
public record PromptSchedule(List<Shot> shots, OptionalInt chunks) {

  /**
   * One prompt.
   *
   * @param prompt what the video shows from here on
   * @param start the first chunk made under it, from 0
   */
  public record Shot(String prompt, int start) {}

  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException if a prompt is empty, has no chunk of its own, or lies beyond
   *     the end
   */
  public PromptSchedule {
    shots = List.copyOf(shots);
    if (shots.isEmpty() || shots.getFirst().start() != 0) {
      throw new IllegalArgumentException(
          "no prompt begins with the video; give one that starts at 0");
    }
    for (int i = 0; i < shots.size(); i++) {
      var shot = shots.get(i);
      if (shot.prompt().isBlank()) {
        throw new IllegalArgumentException(
            shots.size() == 1
                ? "the prompt is empty; say what the video shows"
                : "prompt " + (i + 1) + " is empty; say what the video shows");
      }
      if (i > 0 && shot.start() <= shots.get(i - 1).start()) {
        throw new IllegalArgumentException(
            "prompt "
                + (i + 1)
                + " starts at chunk "
                + shot.start()
                + ", prompt "
                + i
                + " at chunk "
                + shots.get(i - 1).start()
                + "; prompts change between chunks of "
                + CHUNK
                + " latent frames, so give each at least one");
      }
    }
    requireWithin(shots, chunks.orElse(Integer.MAX_VALUE));
  }

  /** One prompt for the whole video, however long it is. */
  public static PromptSchedule of(String prompt) {
    return new PromptSchedule(List.of(new Shot(prompt, 0)), OptionalInt.empty());
  }

  /** The prompt that the video begins with. */
  public String first() {
    return shots.getFirst().prompt();
  }

  /** The prompt that takes over at a chunk, if one does; the first one does at chunk 0. */
  public Optional<String> startingAt(int chunk) {
    return shots.stream().filter(shot -> shot.start() == chunk).map(Shot::prompt).findFirst();
  }

  /**
   * Refuses a video too short for all prompts.
   *
   * @param length chunks of the video
   * @throws IllegalArgumentException naming the first prompt that it would not show
   */
  public void requireWithin(int length) {
    requireWithin(shots, length);
  }

  /**
   * This schedule as a line of a JSONL file: {@code prompts}, {@code switch_frame_indices} in
   * latent frames, and {@code num_output_frames}, in latent frames too, if the length is known.
   * {@link PromptFile} reads it back.
   */
  public String toJson() {
    return PromptJson.line(this);
  }

  private static void requireWithin(List<Shot> shots, int length) {
    for (int i = 0; i < shots.size(); i++) {
      if (shots.get(i).start() >= length) {
        throw new IllegalArgumentException(
            "prompt "
                + (i + 1)
                + " starts at chunk "
                + shots.get(i).start()
                + ", but the video has only "
                + length
                + "; make it longer or the prompts fewer");
      }
    }
  }
}
