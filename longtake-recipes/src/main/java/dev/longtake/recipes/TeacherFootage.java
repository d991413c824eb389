package dev.longtake.recipes;

import dev.longtake.memory.MemoryPolicies;
import dev.longtake.optim.OrElse;
import dev.longtake.teacher.ContextCurriculum;
import java.util.List;

/**
 * The videos that a context teacher learns to continue.
 *
 * @param latentFrames length of each clip, 4 a second; of the world a multiple of 3
 * @param shortest length that a video of a folder needs: clips of shorter ones are as long as
 *     these; 0 for {@code latentFrames}
 * @param memories policies whose selection is the context if a memory selects it, in {@code
 *     MemoryPolicies} notation
 * @param videos how many worlds are filmed before the first step, one clip each; 0 where data is
 *     not the world
 * @param together how many worlds are encoded at once; 0 where data is not the world
 */
public record TeacherFootage(
    int latentFrames,
    @OrElse("0") int shortest,
    @OrElse("[]") List<String> memories,
    @OrElse("0") int videos,
    @OrElse("0") int together) {

  /** Checks the lengths and copies the list. */
  public TeacherFootage {
    memories = List.copyOf(memories);
    shortest = shortest == 0 ? latentFrames : shortest;
    if (shortest < 1 || shortest > latentFrames) {
      throw new IllegalArgumentException(
          "footage.shortest must be 1 to latent_frames, "
              + latentFrames
              + ", or 0, not "
              + shortest);
    }
  }

  /**
   * Checks what is said of clips against where they come from.
   *
   * @throws IllegalArgumentException with the remedy
   */
  void check(TrainingData data, ContextCurriculum.Selection selection) {
    if (shortest < latentFrames && !(data instanceof TrainingData.Folder)) {
      throw new IllegalArgumentException(
          "footage.shortest is "
              + shortest
              + ", but clips of the world and of a cache are all of one length; leave it out");
    }
    if (data instanceof TrainingData.Films) {
      throw new IllegalArgumentException(
          "data is '"
              + data.text()
              + "', but a context teacher films as many worlds as footage.videos says; give data:"
              + " world");
    }
    if (data instanceof TrainingData.World) {
      if (videos < 1 || together < 1) {
        throw new IllegalArgumentException(
            "with data: world, footage.videos and footage.together must be at least 1, not "
                + videos
                + " and "
                + together);
      }
      world();
      return;
    }
    if (videos != 0 || together != 0) {
      throw new IllegalArgumentException(
          "footage.videos and footage.together are "
              + videos
              + " and "
              + together
              + ", but data is not the world; leave them out");
    }
    if (memories.isEmpty() == (selection == ContextCurriculum.Selection.MEMORY)) {
      throw new IllegalArgumentException(
          "footage.memories are "
              + memories
              + "; name at least one with selection: memory, and none with selection: windows");
    }
    for (var memory : memories) {
      MemoryKey.check("footage.memories", memory);
      MemoryPolicies.policy(memory);
    }
  }

  /** The same as worlds that are filmed. */
  TrainingRun.FootageStage world() {
    return new TrainingRun.FootageStage(videos, latentFrames, together, memories, 0);
  }

  /** With so few worlds that they are filmed in a moment. */
  TeacherFootage few() {
    if (videos == 0) {
      return this;
    }
    var few = world().few();
    return new TeacherFootage(latentFrames, shortest, memories, few.videos(), few.together());
  }
}
