package dev.longtake.recipes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.memory.MemoryPolicies;
import dev.longtake.memory.SlidingWindow;
import dev.longtake.train.MemoryTrace;
import dev.longtake.train.MemoryTrace.Mark;
import dev.longtake.world.CameraPath;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ComingBackTest {
  private static final int CHUNKS = 54;
  private static final int PICTURES = 1 + 4 * (3 * CHUNKS - 1);

  /** One turn in 20 s, 80 latent frames; a view of 90° is out of sight for three quarters of it. */
  private static final CameraPath STEADY = CameraPath.steady(30, 18, PICTURES);

  @Test
  void inASteadyPanEverythingComesBackFromTheSecondTurnOn() {
    var trace = trace("slow-fast-redundant", STEADY);
    // What is revealed 45° ahead was first seen 45° into the pan, a turn less 90° ago.
    int first = trace.comebacks().getFirst();
    assertThat(first).isBetween(19, 24);
    assertThat(trace.comebacks()).hasSizeGreaterThan((CHUNKS - first) * 8 / 10);
  }

  @Test
  void aWindowHoldsNothingThatComesBack() {
    var trace =
        MemoryTrace.of(
            new SlidingWindow(18), (a, b) -> 0, new ComingBack(STEADY), Mark.NEVER, CHUNKS, 3);
    assertThat(trace.comebacks()).isEmpty();
  }

  @Test
  void nothingComesBackBeforeTheTurnIsDoneNorWhileTheCameraRests() {
    var slow = CameraPath.steady(0, 4, PICTURES);
    assertThat(trace("slow-fast-redundant", slow).comebacks()).isEmpty();

    var pausing = CameraPath.of(CameraPath.Kind.PAUSING, 2, PICTURES);
    var trace = trace("slow-fast-redundant", pausing);
    assertThat(trace.comebacks()).isNotEmpty();
    assertThat(trace.comebacks())
        .allMatch(
            chunk ->
                IntStream.rangeClosed(12 * chunk - 6, Math.min(12 * chunk + 6, PICTURES - 1))
                    .anyMatch(frame -> pausing.speed(frame) != 0));
  }

  private static MemoryTrace trace(String policy, CameraPath path) {
    return MemoryTrace.of(
        MemoryPolicies.policy(policy),
        (a, b) -> Math.cos(Math.toRadians(path.yaw(4 * a.first()) - path.yaw(4 * b.first()))),
        new ComingBack(path),
        Mark.NEVER,
        CHUNKS,
        3);
  }
}
