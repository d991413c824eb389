package dev.longtake.world;

import java.util.ArrayList;
import java.util.List;

/**
 * Where the camera looks at each frame. It never moves, it only pans.
 *
 * <p>A path is a row of stretches, each with a speed to reach and to hold; speed changes by a
 * smooth step, so yaw and its derivative are continuous. A longer path from the same seed begins
 * with the shorter one. Yaw is in degrees, clockwise seen from above, and grows without wrapping: a
 * pan to the right raises it. Immutable.
 */
public final class CameraPath {
  /** Frames per second of all clips. */
  public static final int FRAMES_PER_SECOND = 16;

  /** A full turn of a random path takes at least this long while panning, seconds. */
  public static final double FASTEST_TURN = 15;

  /** A full turn of a random path takes at most this long while panning, seconds. */
  public static final double SLOWEST_TURN = 40;

  private static final long STREAM = 3;
  private static final double EASE = 0.5;
  private static final double LONG_EASE = 1.2;
  private static final double FASTEST = 360 / FASTEST_TURN;
  private static final double SLOWEST = 360 / SLOWEST_TURN;

  /** How the camera pans. */
  public enum Kind {
    /** One way at one speed. */
    STEADY,
    /** One way at one speed, with pauses of 1 to 3 seconds. */
    PAUSING,
    /** One way, slow and quick by turns. */
    SPEEDING,
    /** One way by about 90 to 360 degrees, back over the same arc, and so on. */
    SWINGING
  }

  private final Kind kind;
  private final double[] yaws;
  private final double[] speeds;

  private CameraPath(Kind kind, double start, List<Stretch> stretches, int frames) {
    this.kind = kind;
    this.yaws = new double[frames];
    this.speeds = new double[frames];
    double yaw = start;
    double before = stretches.getFirst().speed();
    double begun = 0;
    int frame = 0;
    for (Stretch stretch : stretches) {
      double end = begun + stretch.seconds();
      for (; frame < frames && frame < end * FRAMES_PER_SECOND; frame++) {
        double time = (double) frame / FRAMES_PER_SECOND - begun;
        yaws[frame] = yaw + stretch.turned(before, time);
        speeds[frame] = stretch.speedAt(before, time);
      }
      yaw += stretch.turned(before, stretch.seconds());
      before = stretch.speed();
      begun = end;
    }
  }

  /** The path of a seed: steady in half of all seeds, else one of the other kinds. */
  public static CameraPath of(long seed, int frames) {
    var dice = new Dice(seed, STREAM);
    double which = dice.uniform() * 6;
    var kind =
        which < 3
            ? Kind.STEADY
            : which < 4 ? Kind.PAUSING : which < 5 ? Kind.SPEEDING : Kind.SWINGING;
    return random(kind, dice, frames);
  }

  /** The path of a seed among those of one kind. */
  public static CameraPath of(Kind kind, long seed, int frames) {
    return random(kind, new Dice(seed, STREAM), frames);
  }

  /**
   * A steady pan.
   *
   * @param start yaw of frame 0, degrees
   * @param degreesPerSecond positive to pan right, negative to pan left, not 0, at most 180
   * @param frames length of the path, at least 1
   */
  public static CameraPath steady(double start, double degreesPerSecond, int frames) {
    double speed = Math.abs(degreesPerSecond);
    if (!(speed > 0 && speed <= 180) || !Double.isFinite(start)) {
      throw new IllegalArgumentException(
          "a steady pan needs a finite start and a speed of up to 180 degrees/s, not 0; got "
              + "start "
              + start
              + " and speed "
              + degreesPerSecond);
    }
    double seconds = (double) checked(frames) / FRAMES_PER_SECOND;
    return new CameraPath(
        Kind.STEADY, start, List.of(new Stretch(seconds, degreesPerSecond, EASE)), frames);
  }

  private static CameraPath random(Kind kind, Dice dice, int frames) {
    double start = dice.between(0, 360);
    double side = dice.chance(0.5) ? 1 : -1;
    // Even in the time of a turn rather than in speed, so that each adverb is as likely.
    double speed = side * 360 / dice.between(FASTEST_TURN, SLOWEST_TURN);
    double seconds = (double) checked(frames) / FRAMES_PER_SECOND;
    var stretches =
        switch (kind) {
          case STEADY -> List.of(new Stretch(seconds, speed, EASE));
          case PAUSING -> pausing(speed, seconds, dice);
          case SPEEDING -> speeding(side, seconds, dice);
          case SWINGING -> swinging(speed, seconds, dice);
        };
    return new CameraPath(kind, start, stretches, frames);
  }

  private static List<Stretch> pausing(double speed, double seconds, Dice dice) {
    var stretches = new ArrayList<Stretch>();
    for (double time = 0; time < seconds; ) {
      double pan = dice.between(1.5, 6);
      double pause = EASE + dice.between(1, 3);
      stretches.add(new Stretch(pan, speed, EASE));
      stretches.add(new Stretch(pause, 0, EASE));
      time += pan + pause;
    }
    return stretches;
  }

  private static List<Stretch> speeding(double side, double seconds, Dice dice) {
    var stretches = new ArrayList<Stretch>();
    boolean quick = dice.chance(0.5);
    for (double time = 0; time < seconds; quick = !quick) {
      double share = quick ? dice.between(0.6, 1) : dice.between(0, 0.2);
      double length = dice.between(2, 5);
      stretches.add(new Stretch(length, side * (SLOWEST + share * (FASTEST - SLOWEST)), LONG_EASE));
      time += length;
    }
    return stretches;
  }

  private static List<Stretch> swinging(double speed, double seconds, Dice dice) {
    var stretches = new ArrayList<Stretch>();
    double there = dice.between(90, 360) / Math.abs(speed);
    double towards = speed;
    for (double time = 0; time < seconds; towards = -towards) {
      // Turning round costs a whole ease, over which the camera ends where it began.
      double length = stretches.isEmpty() ? there : there + 2 * EASE;
      stretches.add(new Stretch(length, towards, 2 * EASE));
      time += length;
    }
    return stretches;
  }

  private static int checked(int frames) {
    if (frames < 1) {
      throw new IllegalArgumentException("a path needs at least 1 frame, got " + frames);
    }
    return frames;
  }

  /** What kind of path this is; a short one may not show it yet, see {@link #motion}. */
  public Kind kind() {
    return kind;
  }

  /** The length in frames. */
  public int frames() {
    return yaws.length;
  }

  /** Where the middle of a frame looks, degrees, not wrapped; frame is 0 to {@link #frames} - 1. */
  public double yaw(int frame) {
    return yaws[frame];
  }

  /** The speed at a frame, degrees per second, positive to the right. */
  public double speed(int frame) {
    return speeds[frame];
  }

  /** What the camera does over this path, in words that captions use. */
  public String motion() {
    return Motion.describe(this);
  }

  /**
   * A part of a path: speed eases from that of the part before, then holds.
   *
   * @param seconds at least ease
   * @param speed degrees per second, signed
   * @param ease seconds until the speed is reached
   */
  private record Stretch(double seconds, double speed, double ease) {
    double speedAt(double before, double time) {
      return before + (speed - before) * Noise.step(0, ease, time);
    }

    /** Degrees turned since the stretch began: the integral of {@link #speedAt}. */
    double turned(double before, double time) {
      if (time >= ease) {
        return (before + speed) / 2 * ease + speed * (time - ease);
      }
      double x = time / ease;
      return before * time + (speed - before) * ease * (x * x * x - x * x * x * x / 2);
    }
  }
}
