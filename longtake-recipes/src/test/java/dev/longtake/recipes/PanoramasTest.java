package dev.longtake.recipes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.world.FrameSize;
import dev.longtake.world.Panorama;
import dev.longtake.world.World;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class PanoramasTest {
  private static final FrameSize SIZE = new FrameSize(32, 16);

  @Test
  void theLatestWorldsAreKeptAndThoseGivenUpAreMadeAgainAlike() {
    var panoramas = new Panoramas(SIZE, 3);
    var first = panoramas.of(0);
    for (long seed = 1; seed < 3; seed++) {
      panoramas.of(seed);
    }
    assertThat(panoramas.of(0)).isSameAs(first);
    panoramas.of(3); // instead of 1, which was longest not asked for
    assertThat(panoramas.of(0)).isSameAs(first);
    for (long seed = 10; seed < 20; seed++) {
      panoramas.of(seed);
    }
    assertThat(panoramas.kept()).isEqualTo(3);
    assertThat(panoramas.of(0)).isNotSameAs(first);
    assertThat(picture(panoramas.of(0))).isEqualTo(picture(Panorama.of(World.of(0), SIZE)));
  }

  @Test
  void severalThreadsThatAskForOneWorldGetTheSame() {
    var panoramas = new Panoramas(SIZE, 2);
    Set<Panorama> seen = ConcurrentHashMap.newKeySet();
    try (var pool = Executors.newFixedThreadPool(4)) {
      for (int i = 0; i < 16; i++) {
        pool.execute(() -> seen.add(panoramas.of(7)));
      }
    }
    assertThat(seen).hasSize(1);
  }

  private static byte[] picture(Panorama panorama) {
    byte[] out = new byte[SIZE.bytes()];
    panorama.render(30, out);
    return out;
  }
}
