package dev.longtake.recipes;

import dev.longtake.data.Damaged;
import dev.longtake.optim.OrElse;
import dev.longtake.tensor.Dtype;
import dev.longtake.train.CausalObjective;
import dev.longtake.train.OdeGrid;
import dev.longtake.train.OdeTeacher;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A teacher's trajectories for prompts, kept at the levels of a student of few steps, {@code stage:
 * ode-pairs}. Started again, it goes on with the pairs that are not there yet.
 *
 * @param name of the pairs; the default name of the output folder
 * @param from folder of the teacher
 * @param teacher how it sees a clip: {@code bidirectional}, {@code causal} or {@code
 *     causal_with_memory}
 * @param prompts a file with a prompt a line, or {@code world} for captions of the world
 * @param extended a file with the same prompts at length, or empty for none
 * @param negativePrompt what guidance compares with; empty is no prompt at all
 * @param pairs how many, at least 1; prompts are used again where they are fewer
 * @param latentFrames of a clip, at least 1; for a teacher with memory as many as its memory holds
 *     at most, the chunk in the making included: what came before all of them would have to go, and
 *     a model's memory decides that by keys
 * @param together trajectories that each device follows at once, at least 1
 * @param grid the teacher's levels and those that are kept
 * @param guidance scale of classifier-free guidance; 1 is none
 * @param seed of prompts' order and noise
 * @param shardMegabytes size of a shard in MiB, above which the next begins, at least 1
 * @param damaged what to do about damaged shards: {@code refuse} or {@code delete}
 * @param dtype of the network's arithmetic on a GPU, and of the pairs; FLOAT32 on a processor
 * @param captionFrames length of the longest clips, in latent frames, that captions of the world
 *     tell of; the shortest are as long as a trajectory's, and so are all if this is 0
 */
public record OdePairsRun(
    String name,
    String from,
    OdeTeacher.Kind teacher,
    String prompts,
    String extended,
    String negativePrompt,
    int pairs,
    int latentFrames,
    int together,
    OdeGrid grid,
    double guidance,
    long seed,
    int shardMegabytes,
    Damaged damaged,
    Dtype dtype,
    @OrElse("0") int captionFrames)
    implements Run {
  /** Prompts from the captions of the world. */
  public static final String WORLD = "world";

  /** Where the pairs are, in the output folder. */
  public static final String PAIRS_FOLDER = "pairs";

  /** Checks the numbers. */
  public OdePairsRun {
    ClipSizes.check(latentFrames, together, dtype);
    Captions.check(prompts, captionFrames, "latent_frames", latentFrames);
    if (teacher.byBlocks()) {
      ClipSizes.check(latentFrames, CausalObjective.BLOCK);
    }
    if (pairs < 1 || shardMegabytes < 1 || !(guidance >= 1)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "pairs, shard_megabytes and guidance must be at least 1, not %d, %d and %s",
              pairs,
              shardMegabytes,
              guidance));
    }
    if (prompts.equals(WORLD) && !extended.isEmpty()) {
      throw new IllegalArgumentException(
          "extended is " + extended + ", but captions of the world have no other; leave it empty");
    }
  }

  @Override
  public void carryOut(Workplace place) {
    new MakeOdePairs(this, place).run();
  }

  @Override
  public Path result(Path output) {
    return output.resolve(PAIRS_FOLDER);
  }
}
