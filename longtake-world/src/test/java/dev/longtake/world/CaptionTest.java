package dev.longtake.world;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class CaptionTest {
  private static final SceneObject CUBE =
      new SceneObject(Shape.CUBE, Colour.RED, Size.MEDIUM, 0, 4, 0);
  private static final SceneObject CONE =
      new SceneObject(Shape.CONE, Colour.ORANGE, Size.MEDIUM, 90, 4, 0);
  private static final SceneObject BALL =
      new SceneObject(Shape.SPHERE, Colour.BLUE, Size.LARGE, 180, 4, 0);

  @Test
  void objectsAreListedWithTheirArticles() {
    assertThat(text(CUBE, CONE, BALL))
        .isEqualTo(
            "a red cube, an orange cone and a large blue sphere in a brick room, "
                + "the camera pans right slowly");
    assertThat(text(CONE, CUBE)).startsWith("an orange cone and a red cube in a brick room");
    assertThat(text(CUBE)).startsWith("a red cube in a brick room");
    assertThat(text()).startsWith("a brick room, the camera");
  }

  @Test
  void captionsUseNoWordOutsideTheVocabularyAndAllOfIt() {
    var vocabulary = new HashSet<>(Caption.vocabulary());
    var used = new TreeSet<String>();
    for (long number = 0; number < 2000; number++) {
      var words = Caption.words(Clip.of(Split.TRAIN.seed(number), 480).caption());
      assertThat(vocabulary).as("seed %d", number).containsAll(words);
      used.addAll(words);
    }
    assertThat(List.copyOf(used)).isEqualTo(Caption.vocabulary());
  }

  @Test
  void theVocabularyIsSortedWithoutRepeats() {
    assertThat(Caption.vocabulary()).isSorted().doesNotHaveDuplicates().doesNotContain("");
  }

  @Test
  void objectsComeInTheOrderInWhichTheyAppear() {
    for (long seed = 0; seed < 500; seed++) {
      var clip = Clip.of(seed, 300);
      var named = Caption.of(clip.world(), clip.path()).objects();
      var appeared = new ArrayList<SceneObject>();
      for (int frame = 0; frame < clip.frames(); frame++) {
        var visible = clip.objectsVisible(frame);
        boolean fromRight = clip.path().speed(0) < 0;
        for (var object : fromRight ? visible.reversed() : visible) {
          if (!appeared.contains(object)) {
            appeared.add(object);
          }
        }
      }
      assertThat(named).as("seed %d", seed).isEqualTo(appeared);
    }
  }

  @Test
  void aShortClipNamesOnlyWhatItShows() {
    int unnamed = 0;
    for (long seed = 0; seed < 300; seed++) {
      var clip = Clip.of(seed, 17);
      var named = Caption.of(clip.world(), clip.path()).objects();
      for (var object : clip.world().objects()) {
        boolean shown = false;
        for (int frame = 0; frame < clip.frames(); frame++) {
          shown |= clip.objectsVisible(frame).contains(object);
        }
        assertThat(named.contains(object)).as("seed %d: %s", seed, object).isEqualTo(shown);
        unnamed += shown ? 0 : 1;
      }
    }
    assertThat(unnamed).isPositive();
  }

  @Test
  void aCommaIsAWordOfItsOwn() {
    assertThat(Caption.words("a red cube, a cone"))
        .containsExactly("a", "red", "cube", ",", "a", "cone");
  }

  private static String text(SceneObject... objects) {
    return new Caption(List.of(objects), WallStyle.BRICK, "pans right slowly").text();
  }
}
