package dev.longtake.recipes;

import dev.longtake.rollout.Awaited;
import dev.longtake.world.FrameSize;
import dev.longtake.world.Panorama;
import dev.longtake.world.World;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Worlds as their cameras see them, made when first asked for. The latest are kept; one that was
 * given up is made again. Safe for several threads, of which one makes a world and others wait.
 */
final class Panoramas {
  private final FrameSize size;
  private final int most;
  private final Map<Long, CompletableFuture<Panorama>> latest = new LinkedHashMap<>(); // by use

  /**
   * None yet.
   *
   * @param most how many are kept, at least 1
   */
  Panoramas(FrameSize size, int most) {
    if (most < 1) {
      throw new IllegalArgumentException("most must be at least 1, not " + most);
    }
    this.size = size;
    this.most = most;
  }

  /** About how many bytes a world takes: the colours and the owners of a whole turn. */
  static long bytesOfOne(FrameSize size) {
    return 4L * size.height() * (size.turnColumns() + size.width());
  }

  /** The world of a seed. */
  Panorama of(long seed) {
    var own = new CompletableFuture<Panorama>();
    var made = claim(seed, own);
    if (made == own) {
      try {
        own.complete(Panorama.of(World.of(seed), size));
      } catch (RuntimeException | Error e) {
        forget(seed, own);
        own.completeExceptionally(e);
      }
    }
    return Awaited.result(made);
  }

  /** What is there or under way, now the latest; {@code own} if there is none. */
  private synchronized CompletableFuture<Panorama> claim(
      long seed, CompletableFuture<Panorama> own) {
    var there = latest.remove(seed);
    var made = there == null ? own : there;
    latest.put(seed, made);
    if (latest.size() > most) {
      latest.remove(latest.keySet().iterator().next());
    }
    return made;
  }

  private synchronized void forget(long seed, CompletableFuture<Panorama> failed) {
    latest.remove(seed, failed);
  }

  /** How many are kept. */
  synchronized int kept() {
    return latest.size();
  }
}
