package dev.longtake.cli;

import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.PromptSchedule;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How long a video is to be: the options of {@code generate} that say so. */
final class LengthOptions {
  private static final double DEFAULT_SECONDS = 60;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      description = "How long the video is to be. Default: as the prompts' durations say, else 60")
  private Optional<Double> seconds = Optional.empty();

  @Option(
      names = "--num_output_frames",
      paramLabel = "N",
      description = "The same in latent frames, a multiple of 3: N make 1 + 4 (N - 1) frames.")
  private Optional<Integer> latents = Optional.empty();

  /** Refuses what can be told to be wrong without a model. */
  void check() {
    if (seconds.isPresent() && latents.isPresent()) {
      throw new IllegalArgumentException(
          "--seconds and --num_output_frames both say how long; give one of them");
    }
    seconds.ifPresent(Length::check);
    latents.ifPresent(n -> Length.checkLatents(n, ModelConfig.CHUNK));
  }

  /**
   * The pictures of a video: as asked for, else as its prompts say.
   *
   * @throws IllegalArgumentException if that is longer than a day
   */
  long frames(PromptSchedule prompts, ModelConfig config) {
    int fps = config.video().fps();
    if (seconds.isPresent()) {
      return Length.frames(seconds.get(), fps);
    }
    if (latents.isEmpty() && prompts.chunks().isEmpty()) {
      return Length.frames(DEFAULT_SECONDS, fps);
    }
    if (latents.isPresent()) {
      return Length.framesOf(latents.get(), config);
    }
    long wanted = (long) prompts.chunks().orElseThrow() * ModelConfig.CHUNK;
    long frames = config.vae().pixelFrames(wanted);
    Length.check((double) frames / fps);
    return frames;
  }
}
