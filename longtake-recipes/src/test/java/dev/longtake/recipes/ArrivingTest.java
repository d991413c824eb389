package dev.longtake.recipes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.memory.SlidingWindow;
import dev.longtake.train.MemoryTrace;
import dev.longtake.train.MemoryTrace.Mark;
import dev.longtake.world.CameraPath;
import dev.longtake.world.Clip;
import dev.longtake.world.SceneObject;
import dev.longtake.world.Split;
import dev.longtake.world.World;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArrivingTest {
  private static final int CHUNKS = 54;
  private static final int PICTURES = 1 + 4 * (3 * CHUNKS - 1);

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 2, 3, 4, 5})
  void aChunkArrivesExactlyWhenItShowsMoreOfAnObjectThanAnyBefore(long seed) {
    var world = World.of(Split.TRAIN.seed(seed));
    var clip = new Clip(world, CameraPath.steady(30, 18, PICTURES));
    var arrivals = arrivals(clip);
    assertThat(arrivals).isNotEmpty();
    for (int chunk = 1; chunk < CHUNKS; chunk++) {
      int number = chunk;
      boolean more =
          world.objects().stream()
              .anyMatch(
                  object -> most(object, clip, number + 1) > most(object, clip, number) + 1e-9);
      assertThat(arrivals.contains(chunk)).as("world %d, chunk %d", seed, chunk).isEqualTo(more);
    }
  }

  @Test
  void whatHasBeenRoundOnceBringsNothingNew() {
    var world = World.of(Split.TRAIN.seed(7));
    var turn = new Clip(world, CameraPath.steady(0, 18, PICTURES)); // 320 pictures
    assertThat(arrivals(turn)).allMatch(chunk -> chunk <= 320 / 12);
  }

  /** The largest share of an object that any picture before a chunk showed. */
  private static double most(SceneObject object, Clip clip, int chunk) {
    int pictures = Math.max(0, 12 * chunk - 3);
    return IntStream.range(0, Math.min(pictures, clip.frames()))
        .mapToDouble(picture -> object.visibleShare(clip.path().yaw(picture)))
        .max()
        .orElse(0);
  }

  private static List<Integer> arrivals(Clip clip) {
    return MemoryTrace.of(
            new SlidingWindow(18), (a, b) -> 0, Mark.NEVER, Arriving.in(clip), CHUNKS, 3)
        .arrivals();
  }
}
