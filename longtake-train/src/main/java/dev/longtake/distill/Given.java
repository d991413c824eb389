package dev.longtake.distill;

import dev.longtake.rollout.ModelConfig;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Tensor;

/**
 * True videos that a batch of rollouts goes on from. It does not own them.
 *
 * @param videos FLOAT32, as long as the rollouts or longer, on the generator's device
 * @param frames how many of their latent frames are given, a multiple of 3
 * @param shown what teacher and critic are shown of frames before those they judge
 */
public record Given(@Axes("B C F Y X") Tensor videos, int frames, Shown shown) {

  /** What judges are shown as the past. */
  public enum Shown {
    /** The rollout: what was given and what the generator made of it. */
    ROLLOUT,
    /**
     * The true video, in place of what the generator made. Judged chunks are then compared with how
     * the video goes on: what the generator's own past did to them is an error like any other, and
     * so is what it could not know, such as when a camera turns round.
     */
    VIDEO,
    /**
     * The same, but of each chunk that the generator made the stretch of the video that it is most
     * like: a rollout may pan faster or slower than the video. Where the video is not longer by
     * {@link #ahead}, stretches end with it.
     */
    LIKEST;

    /**
     * How many latent frames longer than the rollouts videos are of use.
     *
     * @param made how many frames of them the generator makes
     */
    public int ahead(int made) {
      return this == LIKEST ? Likeness.ahead(made) : 0;
    }
  }

  /** Checks the frames. */
  public Given {
    if (frames < 1 || frames % ModelConfig.CHUNK != 0 || frames >= videos.size(2)) {
      throw new IllegalArgumentException(
          "give a multiple of 3 of a video's latent frames, from 3 to below its "
              + videos.size(2)
              + ", not "
              + frames);
    }
  }

  void require(int batch, int rollout) {
    if (videos.size(0) != batch || videos.size(2) < rollout) {
      throw new IllegalArgumentException(
          batch
              + " rollouts of "
              + rollout
              + " latent frames go on from as many videos, at least as long, not from "
              + videos.size(0)
              + " of "
              + videos.size(2));
    }
  }

  /**
   * What judges are shown of a rollout's frames where they are the past, without a graph; owned by
   * the caller's scope.
   */
  @Axes("B C F Y X")
  Tensor shownOf(@Axes("B C F Y X") Tensor latents) {
    return switch (shown) {
      case ROLLOUT -> latents.detach();
      case VIDEO -> videos.narrow(2, 0, latents.size(2));
      case LIKEST -> Likeness.of(latents.detach(), videos, frames);
    };
  }

  /** A given chunk. */
  @Axes("B C F Y X")
  Tensor chunk(int frame) {
    return videos.narrow(2, frame, ModelConfig.CHUNK);
  }
}
