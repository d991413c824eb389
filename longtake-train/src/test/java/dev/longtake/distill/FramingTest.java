package dev.longtake.distill;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.memory.Plan;
import dev.longtake.memory.Region;
import dev.longtake.memory.Slot;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.vae.VaeConfig;
import dev.longtake.vae.WanVae;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class FramingTest {
  private static final int FRAMES = 30;

  /** A first frame that tells how long the video before it was. */
  private static final Opening COUNTING =
      video -> Tensor.full(1000 + video.size(2), Dtype.FLOAT32, Device.CPU, 2, 1, 1, 1, 1);

  @Test
  void aBidirectionalTeacherSeesTheFramesBeforeTheWindowAsAVideoThatBegins() {
    try (var scope = Scope.open();
        var rolled = numbered()) {
      var framing = new Framing(Sight.BIDIRECTIONAL, ContextKind.CONTIGUOUS, 6, 9, 0);
      var shown = framing.excerpts(rolled, COUNTING);
      assertThat(shown).hasSize(1);
      assertThat(frames(shown.getFirst().context())).containsExactly(1016, 16, 17, 18, 19, 20);
      assertThat(shown.getFirst().frames()).isEqualTo(9);
      assertThat(shown.getFirst().scored()).isEqualTo(9);
      assertThat(frames(framing.window(rolled, COUNTING)))
          .containsExactly(21, 22, 23, 24, 25, 26, 27, 28, 29);
    }
  }

  @Test
  void contextThatReachesTheBeginningIsShownAsItIs() {
    try (var scope = Scope.open();
        var rolled = numbered()) {
      var framing = new Framing(Sight.BIDIRECTIONAL, ContextKind.CONTIGUOUS, 24, 27, 0);
      var shown = framing.excerpts(rolled, Troupe.NO_OPENING);
      assertThat(frames(shown.getFirst().context())).containsExactly(0, 1, 2);
    }
  }

  @Test
  void aBidirectionalTeacherSeesWhatEachVideosMemoryHolds() {
    try (var scope = Scope.open();
        var rolled = numbered()) {
      var framing = new Framing(Sight.BIDIRECTIONAL, ContextKind.MEMORY, 0, 9, 0);
      var context = framing.excerpts(rolled, Troupe.NO_OPENING).getFirst().context();
      assertThat(frames(context.narrow(0, 0, 1))).containsExactly(0, 7, 20);
      assertThat(frames(context.narrow(0, 1, 1))).containsExactly(0, 8, 20);
    }
  }

  @Test
  void aMemoryWithoutTheFirstFrameIsShownAsAVideoThatBegins() {
    try (var scope = Scope.open();
        var rolled = numbered()) {
      var framing = new Framing(Sight.BIDIRECTIONAL, ContextKind.MEMORY, 0, 9, 0);
      var plans = new ArrayList<>(rolled.plans());
      var late = new Plan(List.of(new Slot(5, Region.FAST)), new int[] {0}, new int[] {1, 2, 3});
      plans.set(7, List.of(late, late));
      Opening single = video -> Tensor.full(99, Dtype.FLOAT32, Device.CPU, 1, 1, 1, 1, 1);
      try (var sinkless =
          new Rolled(rolled.latents(), rolled.latents(), plans, 21, new ArrayList<>())) {
        var shown = framing.excerpts(sinkless, single).getFirst().context();
        assertThat(frames(shown)).containsExactly(99);
      }
    }
  }

  @Test
  void aWindowWithoutContextBeginsAVideoAndItsLeadIsNotScored() {
    try (var scope = Scope.open();
        var rolled = numbered()) {
      var framing = new Framing(Sight.BIDIRECTIONAL, ContextKind.NONE, 0, 9, 3);
      assertThat(frames(framing.window(rolled, COUNTING)))
          .containsExactly(1022, 22, 23, 24, 25, 26, 27, 28, 29);
      var shown = framing.excerpts(rolled, COUNTING).getFirst();
      assertThat(shown.contextFrames()).isZero();
      assertThat(shown.frames()).isEqualTo(9);
      assertThat(shown.scored()).isEqualTo(6);
    }
  }

  @Test
  void aCausalTeacherJudgesChunkByChunkWithTheMemoryOfEach() {
    try (var scope = Scope.open();
        var rolled = numbered()) {
      var framing = new Framing(Sight.CAUSAL_WITH_MEMORY, ContextKind.MEMORY, 0, 9, 0);
      var shown = framing.excerpts(rolled, Troupe.NO_OPENING);
      assertThat(shown).extracting(Excerpt::first).containsExactly(0, 3, 6);
      assertThat(shown).extracting(Excerpt::scored).containsOnly(3);
      assertThat(frames(shown.get(0).context().narrow(0, 1, 1))).containsExactly(0, 8, 20);
      assertThat(frames(shown.get(2).context().narrow(0, 1, 1))).containsExactly(0, 10, 26);
    }
  }

  @Test
  void aCausalTeacherWithoutContextSeesTheWindowsEarlierChunks() {
    try (var scope = Scope.open();
        var rolled = numbered()) {
      var framing = new Framing(Sight.CAUSAL_WITH_MEMORY, ContextKind.NONE, 0, 9, 3);
      var shown = framing.excerpts(rolled, Troupe.NO_OPENING);
      assertThat(shown).extracting(Excerpt::first).containsExactly(3, 6);
      assertThat(frames(shown.get(0).context())).containsExactly(21, 22, 23);
      assertThat(frames(shown.get(1).context())).containsExactly(21, 22, 23, 24, 25, 26);
      assertThat(frames(framing.window(rolled, Troupe.NO_OPENING))).startsWith(21, 22);
    }
  }

  @Test
  void whatIsShownAsThePastMayBeAnotherVideo() {
    try (var scope = Scope.open();
        var rolled = numbered();
        var after =
            new Rolled(
                rolled.latents(),
                rolled.latents().plus(100),
                rolled.plans(),
                21,
                new ArrayList<>())) {
      var causal = new Framing(Sight.CAUSAL_WITH_MEMORY, ContextKind.MEMORY, 0, 9, 0);
      var shown = causal.excerpts(after, Troupe.NO_OPENING);
      assertThat(frames(shown.get(2).context().narrow(0, 1, 1))).containsExactly(100, 110, 126);
      assertThat(frames(causal.window(after, Troupe.NO_OPENING))).startsWith(21, 22);
      var whole = new Framing(Sight.BIDIRECTIONAL, ContextKind.CONTIGUOUS, 6, 9, 0);
      assertThat(frames(whole.excerpts(after, COUNTING).getFirst().context()))
          .containsExactly(1016, 116, 117, 118, 119, 120);
      assertThat(frames(whole.window(after, COUNTING))).startsWith(21, 22);
    }
  }

  @Test
  void whatIsShownHasNoGraph() {
    try (var scope = Scope.open();
        var rolled = numbered()) {
      rolled.latents().requireGradient(true);
      for (var kind : ContextKind.values()) {
        for (var sight : Sight.values()) {
          var framing = new Framing(sight, kind, 6, 9, 0);
          assertThat(framing.window(rolled, COUNTING).requiresGradient()).isFalse();
          assertThat(framing.excerpts(rolled, COUNTING))
              .noneMatch(excerpt -> excerpt.context().requiresGradient());
        }
      }
    }
  }

  @Test
  void sizesThatDoNotFitAreRefused() {
    assertThatThrownBy(() -> new Framing(Sight.BIDIRECTIONAL, ContextKind.NONE, 0, 9, 9))
        .hasMessageContaining("lead below the window");
    assertThatThrownBy(() -> new Framing(Sight.BIDIRECTIONAL, ContextKind.NONE, 0, 10, 3))
        .hasMessageContaining("multiples of 3, the lead");
  }

  @Test
  void aVideoIsOpenedThroughTheAutoencoder() {
    var config = VaeConfig.small(4, 2);
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(3, Device.CPU);
        var weights = Weights.random(rng, Dtype.FLOAT32);
        var vae = WanVae.of(config, weights)) {
      var video = rng.normal(Dtype.FLOAT32, 2, 2, 8, 2, 2);
      var opened = new VaeOpening(vae, Dtype.FLOAT32).of(video);
      var pictures = vae.decode(video);
      var expected = vae.encode(pictures.narrow(2, pictures.size(2) - 1, 1).clamp(-1, 1));
      assertThat(opened).hasShape(2, 2, 1, 2, 2).isCloseTo(expected, 1e-4);
    }
  }

  /** Two videos whose latents are their frames' numbers, and whose memories differ. */
  private static Rolled numbered() {
    float[] numbers = new float[2 * FRAMES];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = i % FRAMES;
    }
    var plans = new ArrayList<List<Plan>>();
    for (int chunk = 0; chunk < FRAMES / 3; chunk++) {
      int at = chunk;
      plans.add(
          at < 4 ? List.of() : IntStream.of(0, 1).mapToObj(video -> plan(at, video)).toList());
    }
    var latents = Tensor.of(numbers, 2, 1, FRAMES, 1, 1);
    return new Rolled(latents, latents.detach(), plans, FRAMES - 9, new ArrayList<>());
  }

  private static Plan plan(int chunk, int video) {
    return new Plan(
        List.of(
            new Slot(0, Region.SINK),
            new Slot(chunk + video, Region.SLOW),
            new Slot(3 * chunk - 1, Region.FAST)),
        new int[] {0, 1, 2},
        new int[] {3, 4, 5});
  }

  private static List<Integer> frames(Tensor latents) {
    var out = new ArrayList<Integer>();
    for (float value : latents.narrow(0, 0, 1).toFloats()) {
      out.add((int) value);
    }
    return out;
  }
}
