package dev.longtake.teacher;

import dev.longtake.rollout.ModelConfig;
import dev.longtake.tensor.Rng;
import dev.longtake.train.Footage;
import dev.longtake.train.MemoryTrace;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Decides which videos each step trains on and where in them the target begins: at a chunk's
 * beginning, drawn evenly.
 *
 * @param seed of the choices
 * @param layout of the context; of a remembered one the target only
 * @param selection who chooses the context
 * @param batch videos that a device takes at a time, at least 1
 * @param least fewest latent frames before a target, at least 1; 20 are the paper's 5 s
 */
public record ContextCurriculum(
    long seed, ContextLayout layout, Selection selection, int batch, int least) {

  /** Who chooses the context. */
  public enum Selection {
    /** The layout. */
    WINDOWS,
    /** The policies that the footage was remembered under, one of them for each sample. */
    MEMORY
  }

  /** Checks the sizes. */
  public ContextCurriculum {
    if (batch < 1 || least < 1) {
      throw new IllegalArgumentException(
          "batch and least must be at least 1, not " + batch + " and " + least);
    }
    if (selection == Selection.WINDOWS && least < layout.least()) {
      throw new IllegalArgumentException(
          "least is "
              + least
              + " latent frames before a target, sink and motion window need "
              + layout.least());
    }
  }

  /**
   * Refuses videos that are too short for the context and the target.
   *
   * @param frames latent frames of each
   * @throws IllegalArgumentException with the remedy
   */
  public void check(int frames) {
    if (starts(frames).length == 0) {
      throw new IllegalArgumentException(
          "clips of "
              + frames
              + " latent frames hold no context of at least "
              + least
              + " and a target of "
              + layout.target()
              + "; make them longer or these smaller");
    }
  }

  /**
   * The batch of a step; the same for the same step and rank. Batches of a step have the same
   * parts, whatever the rank, so that devices that share a step take as long.
   *
   * @param rank which of the devices that share a step, from 0
   * @throws IllegalArgumentException if the footage is too short, see {@link #check}, or if
   *     memories hold different numbers of frames
   */
  public ContextBatch batch(Footage footage, long step, int rank) {
    check(footage.frames());
    var shared = new SplittableRandom(Rng.mix(seed, step));
    var random = new SplittableRandom(Rng.mix(seed, step, rank));
    int[] starts = starts(footage.frames());
    var parts = place(footage, 0, 0, starts[shared.nextInt(starts.length)]).parts();
    int[] alike =
        IntStream.of(starts)
            .filter(start -> place(footage, 0, 0, start).parts().equals(parts))
            .toArray();
    var chosen = new ArrayList<Footage.Sample>();
    for (int i = 0; i < batch; i++) {
      int video = random.nextInt(footage.videos());
      int start = alike[random.nextInt(alike.length)];
      int trace =
          selection == Selection.WINDOWS ? 0 : random.nextInt(traces(footage, video).size());
      var placement = place(footage, video, trace, start);
      if (!placement.parts().equals(parts)) {
        throw new IllegalArgumentException(
            placement.parts()
                + " and "
                + parts
                + " cannot share a batch: give memories of one size");
      }
      chosen.add(
          new Footage.Sample(
              video, placement.frames().stream().mapToInt(Integer::intValue).toArray()));
    }
    return new ContextBatch(footage.gather(chosen, parts.positions(), layout.target()), parts);
  }

  /** Where targets may begin. */
  private int[] starts(int frames) {
    int chunk = ModelConfig.CHUNK;
    int first = (least + chunk - 1) / chunk;
    int last = (frames - layout.target()) / chunk;
    return IntStream.rangeClosed(first, last).map(i -> i * chunk).toArray();
  }

  private Placement place(Footage footage, int video, int trace, int start) {
    return switch (selection) {
      case WINDOWS -> layout.at(start);
      case MEMORY ->
          Placement.remembered(
              traces(footage, video).get(trace).plans().get(start / ModelConfig.CHUNK),
              start,
              layout.target());
    };
  }

  private static List<MemoryTrace> traces(Footage footage, int video) {
    return footage.traces().get(video);
  }
}
