package dev.longtake.world;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.data.Offset.offset;

import dev.longtake.world.CameraPath.Kind;
import java.util.EnumMap;
import org.junit.jupiter.api.Test;

class CameraPathTest {
  private static final int MINUTE = 60 * CameraPath.FRAMES_PER_SECOND;
  private static final double FASTEST = 360 / CameraPath.FASTEST_TURN;
  private static final double SLOWEST = 360 / CameraPath.SLOWEST_TURN;

  @Test
  void aLongerPathBeginsWithTheShorterOne() {
    for (long seed = 0; seed < 200; seed++) {
      var brief = CameraPath.of(seed, 50);
      var lengthy = CameraPath.of(seed, MINUTE);
      for (int frame = 0; frame < 50; frame++) {
        assertThat(lengthy.yaw(frame)).as("seed %d", seed).isEqualTo(brief.yaw(frame));
      }
    }
  }

  @Test
  void halfOfAllPathsAreSteadyAndEveryOtherKindOccurs() {
    var counts = new EnumMap<Kind, Integer>(Kind.class);
    for (long seed = 0; seed < 3000; seed++) {
      counts.merge(CameraPath.of(seed, 1).kind(), 1, Integer::sum);
    }
    assertThat(counts.get(Kind.STEADY)).isBetween(1380, 1620);
    for (var kind : Kind.values()) {
      assertThat(counts.get(kind)).as(kind.name()).isGreaterThan(400);
    }
  }

  @Test
  void aSteadyTurnTakesFifteenToFortySeconds() {
    for (long seed = 0; seed < 500; seed++) {
      var path = CameraPath.of(Kind.STEADY, seed, MINUTE);
      double perSecond = Math.abs(path.yaw(MINUTE - 1) - path.yaw(0)) / (MINUTE - 1) * 16;
      assertThat(360 / perSecond).as("seed %d", seed).isBetween(15.0, 40.0);
    }
  }

  @Test
  void noPathPansFasterThanAllowedAndSpeedIsTheSlopeOfYaw() {
    for (long seed = 0; seed < 500; seed++) {
      var path = CameraPath.of(seed, MINUTE);
      for (int frame = 1; frame < MINUTE; frame++) {
        double slope = (path.yaw(frame) - path.yaw(frame - 1)) * 16;
        double mean = (path.speed(frame) + path.speed(frame - 1)) / 2;
        assertThat(Math.abs(slope)).as("seed %d", seed).isLessThan(FASTEST + 1e-6);
        assertThat(slope).as("seed %d frame %d", seed, frame).isCloseTo(mean, offset(0.5));
      }
    }
  }

  @Test
  void speedChangesSmoothly() {
    for (var kind : Kind.values()) {
      for (long seed = 0; seed < 100; seed++) {
        var path = CameraPath.of(kind, seed, MINUTE);
        for (int frame = 1; frame < MINUTE; frame++) {
          // A stop from 24 degrees/s within half a second peaks at 72 degrees/s², 4.5 per frame.
          double change = Math.abs(path.speed(frame) - path.speed(frame - 1));
          assertThat(change).as("%s seed %d", kind, seed).isLessThan(4.6);
        }
      }
    }
  }

  @Test
  void pausesLastOneToThreeSeconds() {
    for (long seed = 0; seed < 100; seed++) {
      var path = CameraPath.of(Kind.PAUSING, seed, MINUTE);
      int still = 0;
      int pauses = 0;
      for (int frame = 0; frame < MINUTE; frame++) {
        if (path.speed(frame) == 0) {
          still++;
        } else if (still > 0) {
          assertThat(still).as("seed %d", seed).isBetween(16, 49);
          pauses++;
          still = 0;
        }
      }
      assertThat(pauses).as("seed %d", seed).isGreaterThanOrEqualTo(4);
    }
  }

  @Test
  void speedingStaysWithinTheSlowestAndFastestTurn() {
    for (long seed = 0; seed < 100; seed++) {
      var path = CameraPath.of(Kind.SPEEDING, seed, MINUTE);
      for (int frame = 0; frame < MINUTE; frame++) {
        assertThat(Math.abs(path.speed(frame))).isBetween(SLOWEST - 1e-9, FASTEST + 1e-9);
      }
    }
  }

  @Test
  void aSwingReturnsToWhereItBegan() {
    for (long seed = 0; seed < 100; seed++) {
      var path = CameraPath.of(Kind.SWINGING, seed, 4 * MINUTE);
      double least = Double.MAX_VALUE;
      double most = -Double.MAX_VALUE;
      for (int frame = 0; frame < path.frames(); frame++) {
        least = Math.min(least, path.yaw(frame));
        most = Math.max(most, path.yaw(frame));
      }
      assertThat(most - least).as("seed %d", seed).isBetween(89.0, 376.0);
      boolean right = path.speed(0) > 0;
      double behind = right ? path.yaw(0) - least : most - path.yaw(0);
      assertThat(behind).as("seed %d", seed).isBetween(0.0, 8.0);
    }
  }

  @Test
  void aSteadyPathIsWhatItWasAskedToBe() {
    var path = CameraPath.steady(350, -20, 33);
    assertThat(path.yaw(0)).isEqualTo(350);
    assertThat(path.yaw(32)).isCloseTo(310, offset(1e-9));
    assertThat(path.frames()).isEqualTo(33);
    assertThatIllegalArgumentException().isThrownBy(() -> CameraPath.steady(0, 0, 10));
    assertThatIllegalArgumentException().isThrownBy(() -> CameraPath.steady(0, 10, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> CameraPath.of(1, 0));
  }

  @Test
  void adverbsFollowTheTimeOfATurn() {
    assertThat(CameraPath.steady(0, 360.0 / 30, 9).motion()).isEqualTo("pans right slowly");
    assertThat(CameraPath.steady(0, 360.0 / 24, 9).motion()).isEqualTo("pans right");
    assertThat(CameraPath.steady(0, -360.0 / 16, 9).motion()).isEqualTo("pans left quickly");
  }

  @Test
  void aMotionIsNamedOnlyOnceItIsSeen() {
    for (var kind : Kind.values()) {
      for (long seed = 0; seed < 50; seed++) {
        var glimpse = CameraPath.of(kind, seed, 2);
        assertThat(glimpse.motion()).matches("pans (left|right)( slowly| quickly)?");
      }
    }
    for (long seed = 0; seed < 50; seed++) {
      assertThat(CameraPath.of(Kind.PAUSING, seed, MINUTE).motion()).endsWith("and pauses");
      assertThat(CameraPath.of(Kind.SPEEDING, seed, MINUTE).motion()).endsWith("changing speed");
      assertThat(CameraPath.of(Kind.SWINGING, seed, MINUTE).motion()).contains(", then back ");
    }
  }
}
