package dev.longtake.distill;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Tensor;
import java.util.SplittableRandom;

/** True videos that rollouts go on from, under the prompts that tell of them. */
public interface Beginnings {

  /** None: the generator makes everything. */
  Beginnings NONE =
      new Beginnings() {
        @Override
        public int frames(SplittableRandom shared, long step, int frames) {
          return 0;
        }

        @Override
        public Beginning draw(SplittableRandom random, int count, int given, int frames) {
          throw new IllegalStateException("there is nothing to go on from");
        }
      };

  /**
   * A video for each of a batch; it owns no tensor.
   *
   * @param given the videos, and how much of them
   * @param states the text encoder's, of their prompts
   */
  record Beginning(Given given, @Axes("B T E") Tensor states) {}

  /**
   * How many frames of a rollout are given, the same on all devices.
   *
   * @param shared what all devices draw alike
   * @param step of training
   * @param frames latent frames of the rollout
   * @return a multiple of 3; 0 if the generator makes all of it
   */
  int frames(SplittableRandom shared, long step, int frames);

  /**
   * Some of them, drawn at random; owned by the caller's scope.
   *
   * @param count how many
   * @param given how many frames of each, at least 3
   * @param frames latent frames of the rollout
   */
  Beginning draw(SplittableRandom random, int count, int given, int frames);
}
