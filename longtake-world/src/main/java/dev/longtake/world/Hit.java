package dev.longtake.world;

/** Where a ray met a solid; reused for every ray. */
final class Hit {
  /** Horizontal metres from the camera. */
  double distance;

  /** The surface's outward unit normal. */
  double normalX;

  double normalY;
  double normalZ;

  /** Records a meeting; always true, so that solids can end with it. */
  boolean set(double distance, double normalX, double normalY, double normalZ) {
    this.distance = distance;
    this.normalX = normalX;
    this.normalY = normalY;
    this.normalZ = normalZ;
    return true;
  }
}
