package dev.longtake.distill;

import java.util.List;
import java.util.Optional;

/**
 * Everything that a rollout is told. It owns none of the tensors.
 *
 * @param draw what all devices drew alike; its frames include those that are given
 * @param shots prompts in order, the first from frame 0; no other where something is given
 * @param given the true videos that the rollout goes on from; nothing where the generator makes
 *     everything from the first frame on
 */
public record Script(RolloutDraw draw, List<Shot> shots, Optional<Given> given) {

  /** Copies the shots and checks what is given. */
  public Script {
    shots = List.copyOf(shots);
    if (given.isPresent()) {
      if (shots.size() > 1) {
        throw new IllegalArgumentException(
            "a rollout that goes on from a true video has that video's prompt, not "
                + shots.size()
                + " prompts");
      }
      given.get().require(videos(shots), draw.frames());
    }
  }

  /** Of videos that are the generator's own from the first frame on. */
  public static Script of(RolloutDraw draw, List<Shot> shots) {
    return new Script(draw, shots, Optional.empty());
  }

  /** How many videos. */
  int videos() {
    return videos(shots);
  }

  private static int videos(List<Shot> shots) {
    return Math.toIntExact(shots.getFirst().states().size(0));
  }

  /**
   * Refuses a rollout of which given frames would be judged.
   *
   * @param judgedFrom first latent frame that is judged
   */
  void requireOwn(int judgedFrom) {
    int frames = given.map(Given::frames).orElse(0);
    if (frames > judgedFrom) {
      throw new IllegalArgumentException(
          "a rollout is judged from latent frame "
              + judgedFrom
              + " on, but "
              + frames
              + " are given; give fewer");
    }
  }
}
