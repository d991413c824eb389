package dev.longtake.world;

import java.util.Arrays;

/** A convex solid with flat faces: the space behind a few planes and above the floor. */
final class Faceted implements Solid {
  private static final int STRIDE = 4;

  private final double eye;

  /** Per face: outward unit normal, then the distance of its plane from the world's origin. */
  private final double[] faces;

  private Faceted(double eye, double[] faces) {
    this.eye = eye;
    this.faces = faces;
  }

  /** A cube whose base has its corners at the given radius. */
  static Faceted cube(double x, double z, double eye, double radius, double height, double turn) {
    double half = radius * StrictMath.sqrt(0.5);
    double[] faces = Arrays.copyOf(sides(x, z, half, 0, turn), STRIDE * 5);
    int top = STRIDE * 4;
    faces[top + 1] = 1;
    faces[top + 3] = height;
    return new Faceted(eye, faces);
  }

  /** A pyramid whose base has its corners at the given radius. */
  static Faceted pyramid(
      double x, double z, double eye, double radius, double height, double turn) {
    double half = radius * StrictMath.sqrt(0.5);
    return new Faceted(eye, sides(x, z, half, half / height, turn));
  }

  /** Four side faces that lean inwards by lean metres per metre of height. */
  private static double[] sides(double x, double z, double half, double lean, double turn) {
    double[] faces = new double[STRIDE * 4];
    double length = StrictMath.sqrt(1 + lean * lean);
    for (int side = 0; side < 4; side++) {
      double angle = StrictMath.toRadians(turn + 90 * side);
      double nx = StrictMath.sin(angle) / length;
      double nz = StrictMath.cos(angle) / length;
      faces[STRIDE * side] = nx;
      faces[STRIDE * side + 1] = lean / length;
      faces[STRIDE * side + 2] = nz;
      faces[STRIDE * side + 3] = nx * x + nz * z + half / length;
    }
    return faces;
  }

  @Override
  public boolean meet(double dx, double slope, double dz, Hit hit) {
    double enter = 0;
    double leave = Double.MAX_VALUE;
    int entered = -1;
    for (int face = 0; face < faces.length; face += STRIDE) {
      double towards = faces[face] * dx + faces[face + 1] * slope + faces[face + 2] * dz;
      double gap = faces[face + 3] - faces[face + 1] * eye; // from the camera to the plane
      if (towards < 0) {
        double t = gap / towards;
        if (t > enter) {
          enter = t;
          entered = face;
        }
      } else if (towards > 0) {
        leave = Math.min(leave, gap / towards);
      } else if (gap < 0) {
        return false;
      }
      if (enter > leave) {
        return false;
      }
    }
    return entered >= 0
        && eye + slope * enter >= 0 // nothing closes the solid below: it stands on the floor
        && hit.set(enter, faces[entered], faces[entered + 1], faces[entered + 2]);
  }
}
