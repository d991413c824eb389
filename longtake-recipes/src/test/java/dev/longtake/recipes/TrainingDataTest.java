package dev.longtake.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.data.ClipShape;
import dev.longtake.media.Sampling;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TrainingDataTest {

  @Test
  void aRunFilesWordsAreReadAndSaidAgain() {
    assertThat(TrainingData.parse("world")).isEqualTo(new TrainingData.World());
    assertThat(TrainingData.parse("folder:a, b.csv"))
        .isEqualTo(new TrainingData.Folder(List.of(Path.of("a"), Path.of("b.csv"))));
    assertThat(TrainingData.parse("cache:x")).isEqualTo(new TrainingData.Cache(Path.of("x")));
    assertThat(TrainingData.parse("world:1600")).isEqualTo(new TrainingData.Films(1600));
    for (var text : List.of("world", "world:1600", "folder:a,b.csv", "cache:x")) {
      assertThat(TrainingData.parse(text).text()).isEqualTo(text);
    }
  }

  @Test
  void anythingElseIsRefusedWithTheChoices() {
    for (var text : List.of("", "cache", "folder:", "moon", "world:", "world:-3", "world:few")) {
      assertThatThrownBy(() -> TrainingData.parse(text))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("data is '" + text + "'; give world, world:COUNT, folder:PATH");
    }
  }

  @Test
  void noWorldAtAllIsRefused() {
    assertThatThrownBy(() -> TrainingData.parse("world:0"))
        .hasMessage("data is 'world:0'; give at least 1 world");
  }

  @Test
  void theWorldNeverEndsAndEveryStepAndDeviceSeesAnother() {
    var shape = new ClipShape(32, 16, 16, 5, Sampling.Between.NEAREST);
    var source = new WorldSource(3, shape, 2);
    var batch = source.at(7, 1);
    assertThat(batch.captions()).hasSize(2).allMatch(caption -> !caption.isBlank());
    assertThat(source.at(7, 1).rgb()).isEqualTo(batch.rgb());
    assertThat(
            Set.of(
                List.of(batch.rgb()[0], batch.captions()),
                List.of(source.at(7, 0).rgb()[0], source.at(7, 0).captions()),
                List.of(source.at(1L << 40, 1).rgb()[0], source.at(1L << 40, 1).captions())))
        .hasSize(3);
    assertThatThrownBy(() -> new WorldSource(3, new ClipShape(32, 16, 24, 5, shape.between()), 1))
        .hasMessageContaining("the world has 16 frames/s, the model 24.0");
  }
}
