package dev.longtake.world;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import java.util.EnumSet;
import java.util.HashSet;
import org.junit.jupiter.api.Test;

class WorldTest {

  @Test
  void aWorldIsAFunctionOfItsSeed() {
    assertThat(World.of(42).objects()).isEqualTo(World.of(42).objects());
    assertThat(World.of(42).room()).isEqualTo(World.of(42).room());
    assertThat(World.of(42).objects()).isNotEqualTo(World.of(43).objects());
  }

  @Test
  void threeToFiveObjectsStandApartAndShareNoColour() {
    for (long seed = 0; seed < 2000; seed++) {
      var objects = World.of(seed).objects();
      assertThat(objects).as("seed %d", seed).hasSizeBetween(3, 5);
      var colours = EnumSet.noneOf(Colour.class);
      for (int i = 0; i < objects.size(); i++) {
        var object = objects.get(i);
        var next = objects.get((i + 1) % objects.size());
        double apart = Angles.positive(next.yaw() - object.yaw());
        assertThat(apart - object.halfExtent() - next.halfExtent())
            .as("seed %d, from %s to %s", seed, object, next)
            .isGreaterThan(8.9);
        assertThat(colours.add(object.colour())).as("seed %d", seed).isTrue();
      }
    }
  }

  @Test
  void objectsStandInsideTheRoom() {
    for (long seed = 0; seed < 2000; seed++) {
      var world = World.of(seed);
      double nearest = Math.min(world.room().halfWidth(), world.room().halfDepth());
      for (var object : world.objects()) {
        assertThat(object.distance() + object.radius()).isLessThan(nearest);
      }
    }
  }

  @Test
  void everyShapeColourSizeAndStyleOccurs() {
    var seen = new HashSet<Object>();
    for (long seed = 0; seed < 200; seed++) {
      var world = World.of(seed);
      seen.add(world.wallStyle());
      for (var object : world.objects()) {
        seen.add(object.shape());
        seen.add(object.colour());
        seen.add(object.size());
      }
    }
    assertThat(seen)
        .contains((Object[]) Shape.values())
        .contains((Object[]) Colour.values())
        .contains((Object[]) Size.values())
        .contains((Object[]) WallStyle.values());
  }

  @Test
  void everyWallHasAtLeastFourThingsToRecogniseItBy() {
    for (long seed = 0; seed < 500; seed++) {
      for (var wall : World.of(seed).room().walls()) {
        long pieces = wall.stream().filter(placed -> !(placed.motif() instanceof Stain)).count();
        assertThat(pieces).as("seed %d", seed).isGreaterThanOrEqualTo(4);
      }
    }
  }

  @Test
  void anObjectIsVisibleWhileHalfOfItIsInTheFrame() {
    var object = new SceneObject(Shape.SPHERE, Colour.RED, Size.MEDIUM, 10, 4, 0);
    assertThat(object.visibleShare(10)).isEqualTo(1);
    assertThat(object.visibleShare(10 + 45)).isCloseTo(0.5, offset(1e-9));
    assertThat(object.visibleShare(10 - 360 - 45)).isCloseTo(0.5, offset(1e-9));
    assertThat(object.visibleFrom(10 + 44)).isTrue();
    assertThat(object.visibleFrom(10 + 46)).isFalse();
    assertThat(object.visibleShare(190)).isZero();
  }
}
