package dev.longtake.distill;

import dev.longtake.rollout.ModelConfig;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;

/**
 * Follows rollouts through the true videos that they went on from: each chunk that the generator
 * made stands for the stretch of the video that it is most like. A camera that has turned a little
 * further than it did is not wrong then, only elsewhere.
 *
 * <p>Stretches are looked for from where the chunk before ended, {@value #APART} latent frames
 * earlier to as many later and within the video, by the mean squared difference of latents.
 */
final class Likeness {
  /** How much faster or slower than the video a rollout may go, latent frames a chunk. */
  private static final int APART = 2;

  private static final int CHUNK = ModelConfig.CHUNK;

  private Likeness() {}

  /** How many frames ahead of the video a rollout can be after so many of its own. */
  static int ahead(int made) {
    return APART * (made / CHUNK);
  }

  /**
   * What was given, and of each later chunk the stretch most like it; owned by the caller's scope.
   *
   * @param latents of the rollouts, without a graph
   * @param videos the true ones, as long or longer
   * @param given how many frames they share
   */
  static @Axes("B C F Y X") Tensor of(
      @Axes("B C F Y X") Tensor latents, @Axes("B C F Y X") Tensor videos, int given) {
    try (var scope = Scope.open()) {
      var shown = new ArrayList<Tensor>();
      shown.add(videos.narrow(2, 0, given));
      long batch = videos.size(0);
      var frames = videos.permute(0, 2, 1, 3, 4);
      var flat =
          frames.reshape(batch * frames.size(1), frames.size(2), frames.size(3), frames.size(4));
      int[] next = new int[Math.toIntExact(batch)];
      Arrays.fill(next, given);
      for (int frame = given; frame < latents.size(2); frame += CHUNK) {
        shown.add(nearest(latents.narrow(2, frame, CHUNK), flat, next));
      }
      return scope.keep(Tensor.cat(shown, 2));
    }
  }

  /**
   * The stretch most like a chunk.
   *
   * @param flat frames of the videos, one video after the other
   * @param next where the chunk before ended in each; set to where this one does
   */
  private static Tensor nearest(Tensor chunk, @Axes("N C Y X") Tensor flat, int[] next) {
    try (var scope = Scope.open()) {
      int batch = next.length;
      int frames = Math.toIntExact(flat.size(0)) / batch;
      int tried = 2 * APART + 1;
      int[][] starts = new int[tried][batch];
      for (int i = 0; i < tried; i++) {
        for (int video = 0; video < batch; video++) {
          starts[i][video] = Math.min(next[video] + offset(i), frames - CHUNK);
        }
      }
      var stretches = stretches(flat, starts, frames); // tried × batch, each of a chunk
      var own = chunk.permute(0, 2, 1, 3, 4);
      float[] apart = stretches.minus(own).square().mean(2, 3, 4, 5).toFloats();
      int[] best = new int[batch];
      for (int video = 0; video < batch; video++) {
        for (int i = 1; i < tried; i++) {
          if (apart[i * batch + video] < apart[best[video] * batch + video]) {
            best[video] = i;
          }
        }
      }
      var found = new ArrayList<Tensor>();
      for (int video = 0; video < batch; video++) {
        found.add(stretches.select(0, best[video]).narrow(0, video, 1));
        next[video] = starts[best[video]][video] + CHUNK;
      }
      return scope.keep(Tensor.cat(found, 0).permute(0, 2, 1, 3, 4).contiguous());
    }
  }

  /**
   * 0, 1, −1, 2, −2: of stretches that are as like, as in a still picture, the nearest is taken.
   */
  private static int offset(int tried) {
    return tried % 2 == 1 ? (tried + 1) / 2 : -tried / 2;
  }

  private static @Axes("S B F C Y X") Tensor stretches(Tensor flat, int[][] starts, int frames) {
    int batch = starts[0].length;
    long[] rows = new long[starts.length * batch * CHUNK];
    int at = 0;
    for (int[] start : starts) {
      for (int video = 0; video < batch; video++) {
        for (int i = 0; i < CHUNK; i++) {
          rows[at++] = (long) video * frames + start[video] + i;
        }
      }
    }
    return flat.gatherRows(0, Tensor.of(rows, rows.length).to(flat.device()))
        .reshape(starts.length, batch, CHUNK, flat.size(1), flat.size(2), flat.size(3));
  }
}
