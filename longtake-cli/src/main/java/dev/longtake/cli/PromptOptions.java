package dev.longtake.cli;

import dev.longtake.rollout.PromptFile;
import dev.longtake.rollout.PromptLine;
import dev.longtake.rollout.PromptSchedule;
import dev.longtake.rollout.PromptSwitch;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What the videos show: the options of {@code generate} that say so. */
final class PromptOptions {
  @Parameters(
      paramLabel = "PROMPT",
      arity = "0..1",
      description = {
        "What the video shows, in quotes. Several prompts one after the other, with durations:",
        "\"a red cube[5s] | a blue sphere[10s]\""
      })
  private Optional<String> prompt = Optional.empty();

  @Option(
      names = "--prompts",
      paramLabel = "FILE",
      description =
          "Prompts in a file instead: .txt or .jsonl, a video a line, or a .json timeline. Several"
              + " videos get numbered names.")
  private Optional<Path> file = Optional.empty();

  @Option(
      names = "--on-switch",
      paramLabel = "HOW",
      description =
          "What memory does when the prompt changes: keep it, flush all but the sink and the latest"
              + " two latent frames, or recompute it under the new prompt. Default: keep")
  private String onSwitch = PromptSwitch.KEEP.word();

  /**
   * Refuses what can be told to be wrong from the options alone.
   *
   * @throws IllegalArgumentException unless there is a prompt, or a file of prompts
   */
  void check() {
    if (prompt.isPresent() == file.isPresent()) {
      throw new IllegalArgumentException(
          prompt.isPresent()
              ? "a PROMPT and --prompts both say what to show; give one of them"
              : "there is no PROMPT, and no --prompts FILE; see longtake generate --help");
    }
    if (prompt.isPresent() && prompt.get().isBlank()) {
      throw new IllegalArgumentException("the prompt is empty; say what the video shows");
    }
    onSwitch();
  }

  /** What memory does when the prompt changes. */
  PromptSwitch onSwitch() {
    for (var how : PromptSwitch.values()) {
      if (how.word().equals(onSwitch)) {
        return how;
      }
    }
    throw new IllegalArgumentException(
        "unknown --on-switch '"
            + onSwitch
            + "'; give "
            + Arrays.stream(PromptSwitch.values())
                .map(PromptSwitch::word)
                .collect(Collectors.joining(" or ")));
  }

  /**
   * The prompts of each video.
   *
   * @param fps frames per second of the videos
   * @throws IllegalArgumentException if they cannot be read
   */
  List<PromptSchedule> videos(int fps) {
    return file.map(path -> PromptFile.read(path, fps))
        .orElseGet(() -> List.of(PromptLine.parse(prompt.orElseThrow(), fps)));
  }

  /** A name for what is made of these prompts. */
  String name() {
    return FileNames.slug(
        file.map(path -> String.valueOf(path.getFileName()).replaceFirst("\\.[^.]*$", ""))
            .or(() -> prompt)
            .orElse(""));
  }
}
