package dev.longtake.train;

import dev.longtake.memory.Plan;
import dev.longtake.memory.Slot;
import dev.longtake.tensor.Rng;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Decides what each step trains on: the first chunk of a video, a chunk while memory fills, a chunk
 * with full memory, or teacher forcing over a stretch. Batches are sized so that each holds about
 * as many frames.
 *
 * @param seed of the choices
 * @param framesPerStep latent frames per batch, context included
 * @param first share of steps that train the first chunk, 0 to 1
 * @param filling share of steps that train while memory fills
 * @param forcing share of steps with teacher forcing
 * @param forcedFrames latent frames of a stretch in teacher forcing, a multiple of the chunk
 */
public record Curriculum(
    long seed, int framesPerStep, double first, double filling, double forcing, int forcedFrames) {
  private static final int CHUNK = CausalObjective.BLOCK;

  /** Checks the shares and sizes. */
  public Curriculum {
    if (framesPerStep < 1) {
      throw new IllegalArgumentException(
          "frames_per_step must be at least 1, not " + framesPerStep);
    }
    if (!(first >= 0 && filling >= 0 && forcing >= 0 && first + filling + forcing <= 1)) {
      throw new IllegalArgumentException(
          "shares first, filling and forcing must add up to at most 1, not "
              + first
              + " + "
              + filling
              + " + "
              + forcing);
    }
    if (forcedFrames % CHUNK != 0 || forcedFrames <= CHUNK) {
      throw new IllegalArgumentException(
          "forced_frames must be a multiple of " + CHUNK + " above it, not " + forcedFrames);
    }
  }

  /**
   * Refuses footage that batches cannot be made of: too short, or remembered so that two samples of
   * a batch would stand at different positions.
   *
   * @param traces what memory would hold, at least one
   * @throws IllegalArgumentException with the remedy
   */
  public void check(List<MemoryTrace> traces) {
    int chunks = traces.getFirst().plans().size();
    int least = forcing > 0 ? forcedFrames : 2 * CHUNK;
    if (chunks * CHUNK < least) {
      throw new IllegalArgumentException(
          "footage of "
              + chunks * CHUNK
              + " latent frames is too short; this curriculum needs at least "
              + least);
    }
    var first = traces.getFirst().plans();
    int full = fullFrom(first);
    for (var trace : traces) {
      for (int chunk = 0; chunk < chunks; chunk++) {
        requireSame(positions(first.get(Math.min(chunk, full))), trace.plans().get(chunk));
      }
    }
  }

  /**
   * The batch of a step; the same for the same step and rank. Batches of a step are of one kind,
   * whatever the rank, so that devices that share a step take as long.
   *
   * @param rank which of the devices that share a step, from 0
   * @throws IllegalArgumentException if samples do not stand at the same positions, see {@link
   *     #check}
   */
  public CausalBatch batch(Footage footage, long step, int rank) {
    var shared = new SplittableRandom(Rng.mix(seed, step));
    var random = new SplittableRandom(Rng.mix(seed, step, rank));
    double kind = shared.nextDouble();
    if (kind < forcing) {
      return forced(footage, random);
    }
    int chunks = footage.traces().getFirst().getFirst().plans().size();
    int full = fullFrom(footage.traces().getFirst().getFirst().plans());
    int chunk;
    if (kind < forcing + first) {
      chunk = 0;
    } else if (kind < forcing + first + filling) {
      chunk = shared.nextInt(1, Math.max(2, full));
    } else {
      chunk = -1;
    }
    int[] positions = positions(plan(footage, 0, 0, chunk < 0 ? full : chunk));
    int size = Math.max(1, framesPerStep / positions.length);
    var samples = new ArrayList<Footage.Sample>();
    for (int i = 0; i < size; i++) {
      int video = random.nextInt(footage.videos());
      int trace = random.nextInt(footage.traces().get(video).size());
      int at = chunk < 0 ? random.nextInt(full, chunks) : chunk;
      var plan = plan(footage, video, trace, at);
      requireSame(positions, plan);
      samples.add(new Footage.Sample(video, frames(plan, at)));
    }
    return footage.gather(samples, positions, CHUNK);
  }

  private CausalBatch forced(Footage footage, SplittableRandom random) {
    int size = Math.max(1, framesPerStep / (2 * forcedFrames));
    var samples = new ArrayList<Footage.Sample>();
    for (int i = 0; i < size; i++) {
      int start = CHUNK * random.nextInt((footage.frames() - forcedFrames) / CHUNK + 1);
      samples.add(
          new Footage.Sample(
              random.nextInt(footage.videos()),
              IntStream.range(start, start + forcedFrames).toArray()));
    }
    return footage.gather(samples, IntStream.range(0, forcedFrames).toArray(), forcedFrames);
  }

  /** The first chunk whose memory is as full as it gets. */
  private static int fullFrom(List<Plan> plans) {
    int most = plans.getLast().past().size();
    return (int) plans.stream().takeWhile(plan -> plan.past().size() < most).count();
  }

  private static Plan plan(Footage footage, int video, int trace, int chunk) {
    return footage.traces().get(video).get(trace).plans().get(chunk);
  }

  private static void requireSame(int[] positions, Plan plan) {
    if (!Arrays.equals(positions, positions(plan))) {
      throw new IllegalArgumentException(
          "frames at positions "
              + Arrays.toString(positions)
              + " and at "
              + Arrays.toString(positions(plan))
              + " cannot share a batch: train with memories of one size, positions by slot");
    }
  }

  private static int[] frames(Plan plan, int chunk) {
    return IntStream.concat(
            plan.past().stream().mapToInt(Slot::frame),
            IntStream.range(chunk * CHUNK, (chunk + 1) * CHUNK))
        .toArray();
  }

  private static int[] positions(Plan plan) {
    return IntStream.concat(
            Arrays.stream(plan.pastPositions()), Arrays.stream(plan.chunkPositions()))
        .toArray();
  }
}
