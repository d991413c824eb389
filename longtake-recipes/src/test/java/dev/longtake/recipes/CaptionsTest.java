package dev.longtake.recipes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.data.PromptList;
import dev.longtake.vae.VaeConfig;
import dev.longtake.world.Caption;
import dev.longtake.world.Colour;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CaptionsTest {

  @Test
  void everyPromptOfAListIsDrawnAsOftenAsAnyOther() {
    var texts = List.of("a", "b", "c");
    var counts = new HashMap<String, Integer>();
    var captions = Captions.of(new PromptList(texts, texts));
    var random = new SplittableRandom(1);
    for (int i = 0; i < 3000; i++) {
      counts.merge(captions.draw(random), 1, Integer::sum);
    }
    assertThat(counts).containsOnlyKeys(texts);
    assertThat(counts.values()).allMatch(count -> count > 880 && count < 1120);
  }

  @Test
  void captionsOfLongerClipsNameMore() {
    double few = objects(Captions.ofWorlds(1000, 21, 0, VaeConfig.WAN_2_1));
    double more = objects(Captions.ofWorlds(1000, 21, 162, VaeConfig.WAN_2_1));
    double most = objects(Captions.ofWorlds(1000, 162, 162, VaeConfig.WAN_2_1));
    assertThat(few).isLessThan(more - 0.5);
    assertThat(more).isLessThan(most - 0.1);
  }

  @Test
  void theSameRandomNumbersGiveTheSameCaption() {
    var captions = Captions.ofWorlds(1000, 21, 162, VaeConfig.WAN_2_1);
    assertThat(captions.draw(new SplittableRandom(7)))
        .isEqualTo(captions.draw(new SplittableRandom(7)))
        .isNotEqualTo(captions.draw(new SplittableRandom(8)));
  }

  /** How many objects are named on average; each has a colour. */
  private static double objects(Captions captions) {
    var colours = Arrays.stream(Colour.values()).map(Colour::word).toList();
    var random = new SplittableRandom(3);
    int draws = 200;
    long named = 0;
    for (int i = 0; i < draws; i++) {
      named += Caption.words(captions.draw(random)).stream().filter(colours::contains).count();
    }
    return (double) named / draws;
  }
}
