package dev.longtake.world;

/**
 * The light in a room: a lamp near the ceiling and what the walls throw back.
 *
 * <p>Lambert's law: the lamp adds in proportion to the cosine of the angle between the surface's
 * normal and the direction to the lamp. The lamp does not fade with distance, so rooms are lit
 * evenly enough for colours to stay recognisable.
 *
 * @param x metres east of the camera
 * @param y metres above the floor
 * @param z metres north of the camera
 */
record Lights(double x, double y, double z) {

  /** The strength, 0 to 1, at a point with the given unit normal. */
  double at(double ambient, double px, double py, double pz, double nx, double ny, double nz) {
    double toX = x - px;
    double toY = y - py;
    double toZ = z - pz;
    double facing = nx * toX + ny * toY + nz * toZ;
    if (facing <= 0) {
      return ambient;
    }
    return ambient + (1 - ambient) * facing / Math.sqrt(toX * toX + toY * toY + toZ * toZ);
  }
}
