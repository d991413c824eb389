package dev.longtake.train;

import dev.longtake.memory.Plan;
import dev.longtake.memory.Slot;
import dev.longtake.tensor.Rng;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Decides what each step trains on: the first chunk of a video, a chunk while memory fills, a chunk
 * with full memory, or teacher forcing over a stretch. Batches are sized so that each holds about
 * as many frames.
 *
 * @param seed of the choices
 * @param framesPerStep latent frames per batch, context included
 * @param shares how often what is trained
 * @param forcedFrames latent frames of a stretch in teacher forcing, a multiple of the chunk
 */
public record Curriculum(long seed, int framesPerStep, Shares shares, int forcedFrames) {
  private static final int CHUNK = CausalObjective.BLOCK;

  /** How many videos are looked at for one that shows what is asked for. */
  private static final int ATTEMPTS = 50;

  /**
   * Shares of steps and of samples, each 0 to 1.
   *
   * @param first of steps that train the first chunk
   * @param filling of steps that train while memory fills
   * @param forcing of steps with teacher forcing; the others train with full memory
   * @param returning of the samples with full memory that are chosen among chunks that show again
   *     what memory holds, see {@link MemoryTrace#comebacks}
   * @param arriving of the samples with any memory that are chosen among chunks in which something
   *     named comes into view, see {@link MemoryTrace#arrivals}; the others are chosen among all
   */
  public record Shares(
      double first, double filling, double forcing, double returning, double arriving) {
    /** Checks the ranges. */
    public Shares {
      if (!(first >= 0 && filling >= 0 && forcing >= 0 && first + filling + forcing <= 1)) {
        throw new IllegalArgumentException(
            "shares first, filling and forcing must add up to at most 1, not "
                + first
                + " + "
                + filling
                + " + "
                + forcing);
      }
      if (!(returning >= 0 && arriving >= 0 && returning + arriving <= 1)) {
        throw new IllegalArgumentException(
            "shares returning and arriving must add up to at most 1, not "
                + returning
                + " + "
                + arriving);
      }
    }
  }

  /** Checks the sizes. */
  public Curriculum {
    if (framesPerStep < 1) {
      throw new IllegalArgumentException(
          "frames_per_step must be at least 1, not " + framesPerStep);
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
    int least = shares.forcing() > 0 ? forcedFrames : 2 * CHUNK;
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
   * @param footage whole videos
   * @param openings videos whose first chunks are learnt; may be the same footage
   * @param rank which of the devices that share a step, from 0
   * @throws IllegalArgumentException if samples do not stand at the same positions, see {@link
   *     #check}
   */
  public CausalBatch batch(Footage footage, Footage openings, long step, int rank) {
    var shared = new SplittableRandom(Rng.mix(seed, step));
    var random = new SplittableRandom(Rng.mix(seed, step, rank));
    double kind = shared.nextDouble();
    if (kind < shares.forcing()) {
      return forced(footage, random);
    }
    if (kind < shares.forcing() + shares.first()) {
      return opening(openings, random);
    }
    int full = fullFrom(footage.traces().getFirst().getFirst().plans());
    boolean filled = kind >= shares.forcing() + shares.first() + shares.filling();
    int common = filled ? full : shared.nextInt(1, Math.max(2, full));
    int[] positions = positions(plan(footage, new Moment(0, 0, common)));
    var samples = new ArrayList<Footage.Sample>();
    for (int i = 0; i < size(positions.length); i++) {
      var moment = filled ? anyFrom(full, footage, random) : filling(common, footage, random);
      var plan = plan(footage, moment);
      requireSame(positions, plan);
      samples.add(new Footage.Sample(moment.video(), frames(plan, moment.chunk())));
    }
    return footage.gather(samples, positions, CHUNK);
  }

  private CausalBatch opening(Footage openings, SplittableRandom random) {
    int[] positions = IntStream.range(0, CHUNK).toArray();
    var samples = new ArrayList<Footage.Sample>();
    for (int i = 0; i < size(CHUNK); i++) {
      samples.add(new Footage.Sample(random.nextInt(openings.videos()), positions));
    }
    return openings.gather(samples, positions, CHUNK);
  }

  /** How many samples of so many frames make a batch. */
  private int size(int frames) {
    return Math.max(1, framesPerStep / frames);
  }

  /** A chunk of a video under one of its policies. */
  private record Moment(int video, int trace, int chunk) {}

  private static Moment anyAt(int chunk, Footage footage, SplittableRandom random) {
    int video = random.nextInt(footage.videos());
    return new Moment(video, random.nextInt(footage.traces().get(video).size()), chunk);
  }

  /** A moment with full memory. */
  private Moment anyFrom(int full, Footage footage, SplittableRandom random) {
    double kind = random.nextDouble();
    var moment = anyAt(full, footage, random);
    int chunks = trace(footage, moment).plans().size();
    var any = new Moment(moment.video(), moment.trace(), random.nextInt(full, chunks));
    if (kind < shares.returning()) {
      return marked(MemoryTrace::comebacks, full, chunks, footage, random).orElse(any);
    }
    if (kind < shares.returning() + shares.arriving()) {
      return marked(MemoryTrace::arrivals, full, chunks, footage, random).orElse(any);
    }
    return any;
  }

  /** A moment before memory is full, which must be the same chunk for all samples of a batch. */
  private Moment filling(int chunk, Footage footage, SplittableRandom random) {
    var any = anyAt(chunk, footage, random);
    if (random.nextDouble() >= shares.arriving()) {
      return any;
    }
    return marked(MemoryTrace::arrivals, chunk, chunk + 1, footage, random).orElse(any);
  }

  /** One of the chunks of a range that some trace marks, or nothing where none is found. */
  private static Optional<Moment> marked(
      Function<MemoryTrace, List<Integer>> marks,
      int from,
      int end,
      Footage footage,
      SplittableRandom random) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      var moment = anyAt(from, footage, random);
      int[] chunks =
          marks.apply(trace(footage, moment)).stream()
              .mapToInt(chunk -> chunk)
              .filter(chunk -> chunk >= from && chunk < end)
              .toArray();
      if (chunks.length > 0) {
        int chosen = chunks[random.nextInt(chunks.length)];
        return Optional.of(new Moment(moment.video(), moment.trace(), chosen));
      }
    }
    return Optional.empty();
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

  private static MemoryTrace trace(Footage footage, Moment moment) {
    return footage.traces().get(moment.video()).get(moment.trace());
  }

  private static Plan plan(Footage footage, Moment moment) {
    return trace(footage, moment).plans().get(moment.chunk());
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
