package dev.longtake.teacher;

import dev.longtake.rollout.ModelConfig;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.text.TokenIds;
import dev.longtake.train.Footage;
import dev.longtake.train.MemoryTrace;
import dev.longtake.train.VideoBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
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
   * parts, whatever the rank, so that devices that share a step take as long; where clips differ in
   * length, parts follow those of the device.
   *
   * @param text reads captions; owned by the caller's scope
   * @param rank which of the devices that share a step, from 0
   * @throws IllegalArgumentException if the footage is too short, see {@link #check}, or if
   *     memories hold different numbers of frames
   */
  public ContextBatch batch(Footage footage, Function<TokenIds, Tensor> text, long step, int rank) {
    var random = new SplittableRandom(Rng.mix(seed, step, rank));
    var traces = footage.traces();
    var parts = parts(footage.frames(), traces, step);
    var chosen = new ArrayList<Footage.Sample>();
    for (int i = 0; i < batch; i++) {
      int video = random.nextInt(footage.videos());
      chosen.add(new Footage.Sample(video, frames(parts, footage.frames(), traces, video, random)));
    }
    var gathered = footage.gather(chosen, parts.positions(), layout.target());
    return new ContextBatch(
        new VideoBatch(gathered.latents(), text.apply(gathered.captions())), parts);
  }

  /**
   * A target and its context of each of a step's clips; the same for the same step and rank, as the
   * other.
   *
   * @param clips whole ones, owned like what is returned by the caller's scope
   * @param traces for each clip, what memory would hold under some policies; asked if that selects
   * @param rank which of the devices that share a step, from 0
   * @throws IllegalArgumentException if clips are too short, see {@link #check}, or if memories
   *     hold different numbers of frames
   */
  public ContextBatch batch(VideoBatch clips, List<List<MemoryTrace>> traces, long step, int rank) {
    var random = new SplittableRandom(Rng.mix(seed, step, rank));
    int whole = Math.toIntExact(clips.latents().size(2));
    var parts = parts(whole, traces, step);
    try (var scope = Scope.open()) {
      var samples = new ArrayList<Tensor>();
      for (int clip = 0; clip < clips.latents().size(0); clip++) {
        int[] frames = frames(parts, whole, traces, clip, random);
        long[] rows = Arrays.stream(frames).asLongStream().toArray();
        var index = Tensor.of(rows, rows.length).to(clips.latents().device());
        samples.add(clips.latents().select(0, clip).gatherRows(1, index));
      }
      return new ContextBatch(
          new VideoBatch(scope.keep(Tensor.stack(samples, 0)), clips.text()), parts);
    }
  }

  /** What all samples of a step have, whatever the rank. */
  private Parts parts(int frames, List<List<MemoryTrace>> traces, long step) {
    check(frames);
    var shared = new SplittableRandom(Rng.mix(seed, step));
    int[] starts = starts(frames);
    return place(traces, 0, 0, starts[shared.nextInt(starts.length)]).parts();
  }

  /** The frames of a sample with these parts, its target at any place that gives them. */
  private int[] frames(
      Parts parts, int frames, List<List<MemoryTrace>> traces, int video, SplittableRandom random) {
    int[] alike =
        IntStream.of(starts(frames))
            .filter(start -> place(traces, 0, 0, start).parts().equals(parts))
            .toArray();
    int start = alike[random.nextInt(alike.length)];
    int trace = selection == Selection.WINDOWS ? 0 : random.nextInt(traces.get(video).size());
    var placement = place(traces, video, trace, start);
    if (!placement.parts().equals(parts)) {
      throw new IllegalArgumentException(
          placement.parts() + " and " + parts + " cannot share a batch: give memories of one size");
    }
    return placement.frames().stream().mapToInt(Integer::intValue).toArray();
  }

  /** Where targets may begin. */
  private int[] starts(int frames) {
    int chunk = ModelConfig.CHUNK;
    int first = (least + chunk - 1) / chunk;
    int last = (frames - layout.target()) / chunk;
    return IntStream.rangeClosed(first, last).map(i -> i * chunk).toArray();
  }

  private Placement place(List<List<MemoryTrace>> traces, int video, int trace, int start) {
    return switch (selection) {
      case WINDOWS -> layout.at(start);
      case MEMORY ->
          Placement.remembered(
              traces.get(video).get(trace).plans().get(start / ModelConfig.CHUNK),
              start,
              layout.target());
    };
  }
}
