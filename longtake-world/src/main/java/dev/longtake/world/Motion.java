package dev.longtake.world;

import java.util.List;

/**
 * Says in words what a path does. It looks at the frames and not at the plan: a path that would
 * pause only after its last frame does not pause.
 */
final class Motion {
  /** A turn that takes at least this many seconds is slow. */
  static final double SLOW_TURN = 28;

  /** A turn that takes at most this many seconds is quick. */
  static final double QUICK_TURN = 20;

  /** Every word {@link #describe} may use, commas included. */
  static final List<String> WORDS =
      List.of(
          "pans",
          "right",
          "left",
          "slowly",
          "quickly",
          "and",
          "pauses",
          ",",
          "then",
          "back",
          "at",
          "changing",
          "speed");

  private static final double STILL = 0.5; // degrees per second
  private static final int SHORTEST_PAUSE = CameraPath.FRAMES_PER_SECOND / 2;
  private static final double CLEAR_CHANGE = 1.4;
  private static final double CLEAR_RETURN = 5; // degrees

  private Motion() {}

  /** For example {@code pans right slowly} or {@code pans left, then back right}. */
  static String describe(CameraPath path) {
    double slowest = Double.MAX_VALUE;
    double quickest = 0;
    int still = 0;
    int pause = 0;
    for (int frame = 0; frame < path.frames(); frame++) {
      double speed = Math.abs(path.speed(frame));
      slowest = Math.min(slowest, speed);
      quickest = Math.max(quickest, speed);
      still = speed < STILL ? still + 1 : 0;
      pause = Math.max(pause, still);
    }
    boolean right = path.speed(0) > 0;
    String pans = "pans " + side(right);
    if (turnsBack(path, right)) {
      return pans + adverb(quickest) + ", then back " + side(!right);
    }
    if (pause >= SHORTEST_PAUSE) {
      return pans + adverb(quickest) + " and pauses";
    }
    if (path.kind() == CameraPath.Kind.SPEEDING && quickest > CLEAR_CHANGE * slowest) {
      return pans + " at changing speed";
    }
    return pans + adverb(quickest);
  }

  private static boolean turnsBack(CameraPath path, boolean right) {
    double sign = right ? 1 : -1;
    double farthest = sign * path.yaw(0);
    for (int frame = 1; frame < path.frames(); frame++) {
      double there = sign * path.yaw(frame);
      if (farthest - there > CLEAR_RETURN) {
        return true;
      }
      farthest = Math.max(farthest, there);
    }
    return false;
  }

  private static String side(boolean right) {
    return right ? "right" : "left";
  }

  private static String adverb(double degreesPerSecond) {
    double turn = 360 / degreesPerSecond;
    return turn >= SLOW_TURN ? " slowly" : turn <= QUICK_TURN ? " quickly" : "";
  }
}
