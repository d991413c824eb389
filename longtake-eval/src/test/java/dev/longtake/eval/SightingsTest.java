package dev.longtake.eval;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.eval.CaptionObjects.Score;
import dev.longtake.rollout.ModelConfig.VideoSize;
import dev.longtake.world.Caption;
import dev.longtake.world.Clip;
import dev.longtake.world.Colour;
import dev.longtake.world.FrameSize;
import dev.longtake.world.Shape;
import dev.longtake.world.Split;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SightingsTest {
  private static final VideoSize SIZE = new VideoSize(192, 128, 16);
  private static final int FRAMES = 10 * 16;
  private static final int CLIPS = 12;

  @Test
  void trueClipsShowWhatTheirCaptionsName() {
    var classifier = ShapeClassifier.fit(30, FrameSize.DEFAULT);
    var said = new ArrayList<Map<Colour, Shape>>();
    var seen = new ArrayList<Map<Colour, Optional<Shape>>>();
    for (int i = 0; i < CLIPS; i++) {
      var clip = Clip.of(Split.HELD_OUT.seed(i), FRAMES);
      said.add(objects(clip));
      seen.add(CaptionComparison.seenInTruth(Truth.film(clip, SIZE), classifier));
    }

    var score = Score.of(said, seen);

    assertThat(score.captioned()).isGreaterThan(2 * CLIPS);
    assertThat(score.recall()).as("%s", score).isGreaterThanOrEqualTo(0.95);
    assertThat(score.falseAlarmRate()).as("%s", score).isLessThan(0.05);
    assertThat(score.shapeAccuracy()).as("%s", score).isGreaterThan(0.9);
  }

  @Test
  void aViewWithoutAnObjectHasNextToNoneOfItsPixels() {
    int checked = 0;
    for (int i = 0; i < CLIPS; i++) {
      var clip = Clip.of(Split.HELD_OUT.seed(i), 1);
      var truth = Truth.film(clip, SIZE);
      for (var object : clip.world().objects()) {
        var areas = ColourMask.areas(ColourMask.of(truth.view(object.yaw() + 180)));
        // An outline may pass through another hue where two colours mix.
        assertThat(areas[object.colour().ordinal()])
            .as("world %d: %s", i, object)
            .isLessThan(Sightings.leastArea(SIZE.width() * SIZE.height()) / 10);
        checked++;
      }
    }
    assertThat(checked).isGreaterThan(3 * CLIPS - 1);
  }

  @Test
  void coloursThatNoObjectHasAreNowhere() {
    for (int i = 0; i < CLIPS; i++) {
      var clip = Clip.of(Split.HELD_OUT.seed(i), 1);
      var truth = Truth.film(clip, SIZE);
      var painted = clip.world().objects().stream().map(o -> o.colour()).toList();
      for (double yaw = 0; yaw < 360; yaw += 90) {
        int[] areas = ColourMask.areas(ColourMask.of(truth.view(yaw)));
        for (var colour : Colour.values()) {
          if (!painted.contains(colour)) {
            assertThat(areas[colour.ordinal()])
                .as("world %d: %s", i, colour)
                .isLessThan(Sightings.leastArea(SIZE.width() * SIZE.height()) / 10);
          }
        }
      }
    }
  }

  @Test
  void aBriefSightingDoesNotCount() {
    var classifier = ShapeClassifier.fit(1, FrameSize.DEFAULT);
    var clip = Clip.of(Split.HELD_OUT.seed(0), 1);
    var object = clip.world().objects().getFirst();
    var truth = Truth.film(clip, SIZE);
    var sightings = new Sightings(SIZE.width(), classifier);
    for (int i = 1; i < Sightings.FRAMES; i++) {
      sightings.add(truth.view(object.yaw()));
    }

    assertThat(sightings.colours()).isEmpty();
    sightings.add(truth.view(object.yaw()));
    assertThat(sightings.colours()).contains(object.colour());
  }

  @Test
  void scoresCountWhatIsSaidAndSeen() {
    var said = List.of(Map.of(Colour.RED, Shape.CUBE, Colour.BLUE, Shape.CONE));
    var seen =
        List.of(
            Map.of(
                Colour.RED, Optional.of(Shape.CUBE),
                Colour.CYAN, Optional.<Shape>empty()));

    var score = Score.of(said, seen);

    assertThat(score).isEqualTo(new Score(2, 1, 0.5, 5, 1, 0.2, 1, 1, 1, 0.5));
  }

  private static Map<Colour, Shape> objects(Clip clip) {
    var objects = new EnumMap<Colour, Shape>(Colour.class);
    Caption.of(clip.world(), clip.path())
        .objects()
        .forEach(object -> objects.put(object.colour(), object.shape()));
    return objects;
  }
}
