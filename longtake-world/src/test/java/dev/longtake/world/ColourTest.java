package dev.longtake.world;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ColourTest {
  private static final FrameSize SIZE = new FrameSize(96, 64);

  @Test
  void huesAreAtLeastTwentyDegreesApart() {
    for (var one : Colour.values()) {
      for (var other : Colour.values()) {
        if (one != other) {
          double apart = Angles.signed(one.reference().hue() - other.reference().hue());
          assertThat(Math.abs(apart)).as("%s and %s", one, other).isGreaterThan(20);
        }
      }
    }
  }

  @Test
  void onlyObjectsAreVividAndTheyKeepTheirHue() {
    long objectPixels = 0;
    for (long seed = 0; seed < 60; seed++) {
      var world = World.of(seed);
      var panorama = Panorama.of(world, SIZE);
      for (int y = 0; y < SIZE.height(); y++) {
        for (int x = 0; x < SIZE.turnColumns(); x++) {
          if (!awayFromOutlines(panorama, x, y)) {
            continue;
          }
          int owner = panorama.owner(x, y);
          var pixel = pixel(panorama, x, y);
          if (owner == RayCaster.SCENERY) {
            assertThat(pixel.saturation())
                .as("seed %d at %d, %d", seed, x, y)
                .isLessThanOrEqualTo(Colour.MAX_SCENERY_SATURATION);
          } else {
            objectPixels++;
            var paint = world.objects().get(owner - 1).colour().reference();
            assertThat(pixel.saturation())
                .as("seed %d at %d, %d", seed, x, y)
                .isGreaterThanOrEqualTo(Colour.MIN_OBJECT_SATURATION);
            assertThat(Math.abs(Angles.signed(pixel.hue() - paint.hue()))).isLessThan(2);
          }
        }
      }
    }
    assertThat(objectPixels).isGreaterThan(10_000);
  }

  @Test
  void everyObjectFillsEnoughPixelsToBeRecognised() {
    for (long seed = 0; seed < 60; seed++) {
      var world = World.of(seed);
      var panorama = Panorama.of(world, SIZE);
      int[] pixels = new int[world.objects().size() + 1];
      for (int y = 0; y < SIZE.height(); y++) {
        for (int x = 0; x < SIZE.turnColumns(); x++) {
          pixels[Math.max(0, panorama.owner(x, y))]++;
        }
      }
      for (int i = 1; i < pixels.length; i++) {
        assertThat(pixels[i]).as("seed %d: %s", seed, world.objects().get(i - 1)).isGreaterThan(90);
      }
    }
  }

  private static boolean awayFromOutlines(Panorama panorama, int x, int y) {
    int width = SIZE.turnColumns();
    int owner = panorama.owner(x, y);
    for (int dy = -1; dy <= 1; dy++) {
      for (int dx = -1; dx <= 1; dx++) {
        int row = Math.clamp(y + dy, 0, SIZE.height() - 1);
        if (panorama.owner(Math.floorMod(x + dx, width), row) != owner) {
          return false;
        }
      }
    }
    return owner != RayCaster.OUTLINE;
  }

  private static Rgb pixel(Panorama panorama, int x, int y) {
    return Rgb.ofBytes(
        panorama.component(x, y, 0), panorama.component(x, y, 1), panorama.component(x, y, 2));
  }
}
