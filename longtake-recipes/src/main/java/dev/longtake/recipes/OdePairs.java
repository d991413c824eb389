package dev.longtake.recipes;

import dev.longtake.data.CachedLatents;
import dev.longtake.data.Cursor;
import dev.longtake.data.ShardFolder;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.OdeBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Batches of trajectories that were made once and for all, in shuffled order.
 *
 * @param shards of {@link #STATES} and texts; closed by whoever opened it
 * @param cursor where each step stands
 * @param rank which of the devices that share a step
 * @param device where batches are wanted
 */
record OdePairs(ShardFolder shards, Cursor cursor, int rank, Device device) {
  /** The tensor of an example that holds its states, [S, C, F, Y, X]. */
  static final String STATES = "states";

  /** The fact that lists σ of the states. */
  static final String LEVELS = "levels";

  /** The levels as a fact. */
  static String text(float[] levels) {
    var words = new ArrayList<String>();
    for (float level : levels) {
      words.add(Float.toString(level));
    }
    return String.join(" ", words);
  }

  /** The levels of a fact. */
  static float[] levels(ShardFolder shards) {
    var words = shards.fact(LEVELS).split(" ", -1);
    float[] out = new float[words.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = Float.parseFloat(words[i]);
    }
    return out;
  }

  /** The batch of a step, owned by the caller's scope. */
  OdeBatch at(long step) {
    try (var scope = Scope.open()) {
      int[] numbers = cursor.at(step, rank);
      var states =
          Arrays.stream(numbers)
              .mapToObj(number -> shards.read(number, STATES))
              .collect(Collectors.toList());
      var texts =
          Arrays.stream(numbers)
              .mapToObj(number -> shards.read(number, CachedLatents.TEXT))
              .collect(Collectors.toList());
      return new OdeBatch(
          scope.keep(Tensor.stack(states, 0).to(device).to(Dtype.FLOAT32)),
          scope.keep(CachedLatents.padded(texts).to(device)));
    }
  }
}
