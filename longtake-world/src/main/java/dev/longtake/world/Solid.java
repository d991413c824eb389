package dev.longtake.world;

/**
 * The geometry of an object, met by rays from the camera.
 *
 * <p>Axes: x east, y up, z north; the camera stands at (0, eye, 0), the solid's base is centred at
 * (x, 0, z). A ray has horizontal direction (dx, dz) of length 1 and rises by slope per metre, so
 * its parameter t is horizontal metres.
 */
sealed interface Solid permits Solid.Ball, Solid.Column, Solid.Cone, Faceted {

  /** Finds the first meeting of the ray with the solid, or returns false. */
  boolean meet(double dx, double slope, double dz, Hit hit);

  /** The solid of an object. */
  static Solid of(SceneObject object, double eye) {
    double yaw = StrictMath.toRadians(object.yaw());
    double x = object.distance() * StrictMath.sin(yaw);
    double z = object.distance() * StrictMath.cos(yaw);
    double radius = object.radius();
    double height = object.height();
    return switch (object.shape()) {
      case SPHERE -> new Ball(x, z, eye, radius);
      case CYLINDER -> new Column(x, z, eye, radius, height);
      case CONE -> new Cone(x, z, eye, radius, height);
      case CUBE -> Faceted.cube(x, z, eye, radius, height, object.turn());
      case PYRAMID -> Faceted.pyramid(x, z, eye, radius, height, object.turn());
    };
  }

  /** A sphere that touches the floor. */
  record Ball(double x, double z, double eye, double radius) implements Solid {
    @Override
    public boolean meet(double dx, double slope, double dz, Hit hit) {
      double up = eye - radius;
      double a = 1 + slope * slope;
      double b = up * slope - x * dx - z * dz;
      double c = x * x + z * z + up * up - radius * radius;
      double root = b * b - a * c;
      if (root < 0) {
        return false;
      }
      double t = (-b - Math.sqrt(root)) / a;
      return hit.set(t, (t * dx - x) / radius, (up + t * slope) / radius, (t * dz - z) / radius);
    }
  }

  /** An upright cylinder, its flat top included. */
  record Column(double x, double z, double eye, double radius, double height) implements Solid {
    @Override
    public boolean meet(double dx, double slope, double dz, Hit hit) {
      double b = x * dx + z * dz;
      double root = b * b - (x * x + z * z - radius * radius);
      if (root < 0) {
        return false;
      }
      double half = Math.sqrt(root);
      double t = b - half;
      double y = eye + slope * t;
      if (y <= height) {
        return y >= 0 && hit.set(t, (t * dx - x) / radius, 0, (t * dz - z) / radius);
      }
      double top = (height - eye) / slope;
      return slope < 0 && top <= b + half && hit.set(top, 0, 1, 0);
    }
  }

  /** An upright cone, point up; its base is on the floor and never seen. */
  record Cone(double x, double z, double eye, double radius, double height) implements Solid {
    @Override
    public boolean meet(double dx, double slope, double dz, Hit hit) {
      double k = radius / height;
      double below = height - eye; // from the eye up to the tip
      double a = 1 - k * k * slope * slope;
      double b = -x * dx - z * dz + k * k * slope * below;
      double c = x * x + z * z - k * k * below * below;
      double root = b * b - a * c;
      if (root < 0) {
        return false;
      }
      double half = Math.sqrt(root);
      return at((-b - half) / a, dx, slope, dz, hit) || at((-b + half) / a, dx, slope, dz, hit);
    }

    private boolean at(double t, double dx, double slope, double dz, Hit hit) {
      double y = eye + slope * t;
      if (y < 0 || y >= height) {
        return false; // the mirror cone above the tip, or under the floor
      }
      double outX = t * dx - x;
      double outZ = t * dz - z;
      double scale =
          height / Math.sqrt((outX * outX + outZ * outZ) * (height * height + radius * radius));
      double rise = radius / Math.sqrt(height * height + radius * radius);
      return hit.set(t, outX * scale, rise, outZ * scale);
    }
  }
}
