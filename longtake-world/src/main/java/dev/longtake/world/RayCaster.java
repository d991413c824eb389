package dev.longtake.world;

import dev.longtake.world.Motif.Placed;
import java.util.Arrays;
import java.util.List;

/**
 * Renders a whole turn of a world, nine rays to a pixel. Used once per panorama and then dropped.
 *
 * <p>Within one column of rays only the slope changes, so the wall, the motifs and the object that
 * the column can meet are found once per column.
 */
final class RayCaster {
  private static final int GRID = 3;

  /** Owner of a pixel that shows no object. */
  static final byte SCENERY = 0;

  /** Owner of a pixel on the outline of an object. */
  static final byte OUTLINE = -1;

  private static final double WALL_AMBIENT = 0.72;
  private static final double GROUND_AMBIENT = 0.82;
  private static final double OBJECT_AMBIENT = 0.34;

  private final FrameSize size;
  private final Room room;
  private final List<SceneObject> objects;
  private final Solid[] solids;
  private final double[] footX;
  private final double[] footZ;
  private final Placed[][] walls = new Placed[4][];
  private final Placed[] rugs;
  private final Placed[] lamps;
  private final Placed[] column;
  private final Ink ink = new Ink();
  private final Hit hit = new Hit();

  RayCaster(World world, FrameSize size) {
    this.size = size;
    this.room = world.room();
    this.objects = world.objects();
    this.solids = new Solid[objects.size()];
    this.footX = new double[objects.size()];
    this.footZ = new double[objects.size()];
    for (int i = 0; i < solids.length; i++) {
      var object = objects.get(i);
      double yaw = StrictMath.toRadians(object.yaw());
      solids[i] = Solid.of(object, Room.EYE);
      footX[i] = object.distance() * StrictMath.sin(yaw);
      footZ[i] = object.distance() * StrictMath.cos(yaw);
    }
    int most = 0;
    for (int wall = 0; wall < 4; wall++) {
      walls[wall] = room.walls().get(wall).toArray(Placed[]::new);
      most = Math.max(most, walls[wall].length);
    }
    this.rugs = room.rugs().toArray(Placed[]::new);
    this.lamps = room.lamps().toArray(Placed[]::new);
    this.column = new Placed[most];
  }

  /**
   * Casts all rays.
   *
   * @param colours filled with red, green, blue (0 to 1) per pixel, row by row
   * @param owners filled per pixel with {@link #SCENERY}, {@link #OUTLINE}, or 1 + object index
   */
  void cast(float[] colours, byte[] owners) {
    int width = size.turnColumns();
    double[] sums = new double[3 * size.height()];
    int[] hits = new int[size.height()];
    for (int x = 0; x < width; x++) {
      Arrays.fill(sums, 0);
      Arrays.fill(hits, 0);
      int owner = 0;
      for (int i = 0; i < GRID; i++) {
        double yaw = 360.0 * (x + (i + 0.5) / GRID) / width;
        int object = objectAt(yaw);
        owner = object >= 0 ? object : owner;
        castColumn(yaw, object, sums, hits);
      }
      for (int y = 0; y < size.height(); y++) {
        int pixel = y * width + x;
        for (int c = 0; c < 3; c++) {
          colours[3 * pixel + c] = (float) (sums[3 * y + c] / (GRID * GRID));
        }
        owners[pixel] =
            hits[y] == 0 ? SCENERY : hits[y] < GRID * GRID ? OUTLINE : (byte) (owner + 1);
      }
    }
  }

  private int objectAt(double yaw) {
    for (int i = 0; i < solids.length; i++) {
      var object = objects.get(i);
      if (Math.abs(Angles.signed(yaw - object.yaw())) <= object.halfExtent()) {
        return i;
      }
    }
    return -1;
  }

  private void castColumn(double yaw, int object, double[] sums, int[] hits) {
    double dx = StrictMath.sin(StrictMath.toRadians(yaw));
    double dz = StrictMath.cos(StrictMath.toRadians(yaw));
    double toX = room.halfWidth() / Math.abs(dx);
    double toZ = room.halfDepth() / Math.abs(dz);
    int wall = toZ <= toX ? (dz > 0 ? 0 : 2) : (dx > 0 ? 1 : 3);
    double wallDistance = Math.min(toX, toZ);
    double u =
        wallDistance
            * switch (wall) {
              case 0 -> dx;
              case 1 -> -dz;
              case 2 -> -dx;
              default -> dz;
            };
    int motifs = select(walls[wall], u);
    double rise = GRID * size.focalLength();
    int rays = GRID * size.height();
    for (int ray = 0; ray < rays; ray++) {
      double slope = (rays / 2.0 - ray - 0.5) / rise;
      int y = ray / GRID;
      if (object >= 0 && solids[object].meet(dx, slope, dz, hit)) {
        paintObject(object, dx, slope, dz);
        hits[y]++;
      } else {
        paintRoom(wall, u, wallDistance, motifs, dx, slope, dz);
      }
      sums[3 * y] += ink.red;
      sums[3 * y + 1] += ink.green;
      sums[3 * y + 2] += ink.blue;
    }
  }

  private int select(Placed[] motifs, double u) {
    int count = 0;
    for (Placed placed : motifs) {
      if (Math.abs(u - placed.u()) <= placed.motif().halfWidth()) {
        column[count++] = placed;
      }
    }
    return count;
  }

  private void paintObject(int object, double dx, double slope, double dz) {
    double t = hit.distance;
    double y = Room.EYE + slope * t;
    double light =
        room.lights().at(OBJECT_AMBIENT, t * dx, y, t * dz, hit.normalX, hit.normalY, hit.normalZ);
    double grounded = 0.80 + 0.20 * Noise.step(0, 0.35, y); // the floor hides light near the foot
    ink.cover(objects.get(object).colour().reference(), light * grounded);
  }

  private void paintRoom(
      int wall, double u, double distance, int motifs, double dx, double slope, double dz) {
    double v = Room.EYE + slope * distance;
    if (v < 0) {
      double t = -Room.EYE / slope;
      paintFloor(t * dx, t * dz);
    } else if (v > room.height()) {
      double t = (room.height() - Room.EYE) / slope;
      paintCeiling(t * dx, t * dz);
    } else {
      paintWall(wall, u, v, motifs);
      double inX = wall == 1 ? -1 : wall == 3 ? 1 : 0;
      double inZ = wall == 0 ? -1 : wall == 2 ? 1 : 0;
      double light = room.lights().at(WALL_AMBIENT, distance * dx, v, distance * dz, inX, 0, inZ);
      double half = (wall & 1) == 0 ? room.halfWidth() : room.halfDepth();
      double corner = half - Math.abs(u);
      double seam = Math.min(v, room.height() - v);
      ink.light(light * nook(corner) * nook(seam));
    }
  }

  private void paintWall(int wall, double u, double v, int motifs) {
    if (v < Room.SKIRTING || v > room.height() - Room.MOULDING) {
      ink.cover(room.trim());
    } else {
      room.style().paint(u, v, room.wall(), room.second(), room.seed() + wall, ink);
    }
    for (int i = 0; i < motifs; i++) {
      Placed placed = column[i];
      double up = v - placed.v();
      if (Math.abs(up) <= placed.motif().halfHeight()) {
        placed.motif().paint(u - placed.u(), up, ink);
      }
    }
  }

  private void paintFloor(double x, double z) {
    room.floorStyle().paint(x, z, room.floor(), room.seed() + 5, ink);
    paintPlaced(rugs, x, z);
    double light = room.lights().at(GROUND_AMBIENT, x, 0, z, 0, 1, 0) * nookOf(x, z);
    for (int i = 0; i < footX.length; i++) {
      double awayX = x - footX[i];
      double awayZ = z - footZ[i];
      double reach = objects.get(i).radius() * 1.55;
      double square = (awayX * awayX + awayZ * awayZ) / (reach * reach);
      if (square < 1) {
        light *= 1 - 0.55 * (1 - Noise.step(0.25, 1, square));
      }
    }
    ink.light(light);
  }

  private void paintCeiling(double x, double z) {
    room.ceilingStyle().paint(x, z, room.ceiling(), room.seed() + 6, ink);
    paintPlaced(lamps, x, z);
    ink.light(0.94 * nookOf(x, z));
  }

  private void paintPlaced(Placed[] motifs, double x, double z) {
    for (Placed placed : motifs) {
      double u = x - placed.u();
      double v = z - placed.v();
      if (Math.abs(u) <= placed.motif().halfWidth() && Math.abs(v) <= placed.motif().halfHeight()) {
        placed.motif().paint(u, v, ink);
      }
    }
  }

  private double nookOf(double x, double z) {
    return nook(Math.min(room.halfWidth() - Math.abs(x), room.halfDepth() - Math.abs(z)));
  }

  /** How light fades towards a seam of two surfaces, a stand-in for what they hide from each. */
  private static double nook(double distance) {
    return 1 - 0.22 * 0.25 / (0.25 + Math.max(0, distance));
  }
}
