package dev.longtake.recipes;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.distill.Given;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.world.Clip;
import dev.longtake.world.Split;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakGuard.class)
class FilmedBeginningsTest {
  private static final int FRAMES = 96;
  private static final int WINDOW = 6;
  private static final int VIDEOS = 7;
  private static final WorldFootage.Share ALL = new WorldFootage.Share(0, 1);

  @TempDir Path folder;
  private Path model = Path.of("");

  @BeforeEach
  void write() throws Exception {
    model = TinyFolder.model(folder.resolve("given"), 1);
  }

  @Test
  void everyVideoComesUnderItsOwnCaptionOnEveryDevice() {
    int pictures = ModelConfig.read(model).vae().pixelFrames(FRAMES);
    try (var scope = Scope.open();
        var opened = VideoModel.open(model, Device.CPU, Dtype.FLOAT32);
        var all = filmed(opened, ALL, 0);
        var second = filmed(opened, new WorldFootage.Share(1, 2), 0)) {
      assertThat(second.captions()).hasSize(3);
      for (int i = 0; i < 3; i++) {
        int world = 2 * i + 1;
        var caption = Clip.of(Split.TRAIN.seed(world), pictures).caption();
        assertThat(second.captions().get(i)).isEqualTo(caption);
        assertThat(second.films().latents().narrow(0, i, 1))
            .isCloseTo(all.films().latents().narrow(0, world, 1), 1e-5);
      }
    }
  }

  @Test
  void whatIsDrawnAreVideosALittleLongerThanTheRolloutsWithTheirPrompts() {
    try (var scope = Scope.open();
        var opened = VideoModel.open(model, Device.CPU, Dtype.FLOAT32);
        var all = filmed(opened, ALL, 0)) {
      var begun = all.draw(new SplittableRandom(3), 4, 60, 69);
      assertThat(begun.given().frames()).isEqualTo(60);
      assertThat(begun.given().videos().shape()).startsWith(4, 2, 69 + 6);
      assertThat(begun.given().shown()).isEqualTo(Given.Shown.LIKEST);
      for (int i = 0; i < 4; i++) {
        int video = found(begun.given(), i, all);
        var read = all.prompts().states(List.of(all.captions().get(video)));
        assertThat(begun.states().narrow(0, i, 1)).isCloseTo(read, 1e-5);
      }
      var again = all.draw(new SplittableRandom(3), 4, 60, 69);
      assertThat(again.given().videos()).isBitwiseEqualTo(begun.given().videos());
    }
  }

  @Test
  void theShareThatReturnsLooksAgainWhereItIsJudged() {
    try (var scope = Scope.open();
        var opened = VideoModel.open(model, Device.CPU, Dtype.FLOAT32);
        var all = filmed(opened, ALL, 1)) {
      var returning =
          IntStream.range(0, VIDEOS)
              .filter(
                  video ->
                      all.films().traces().get(video).getFirst().comebacks().stream()
                          .anyMatch(chunk -> chunk >= (FRAMES - WINDOW) / 3 && chunk < FRAMES / 3))
              .boxed()
              .toList();
      assertThat(returning).hasSizeBetween(1, VIDEOS - 1);
      var seen = new ArrayList<Integer>();
      var begun = all.draw(new SplittableRandom(5), 60, FRAMES - 9, FRAMES);
      for (int i = 0; i < 60; i++) {
        seen.add(found(begun.given(), i, all));
      }
      assertThat(seen).containsAll(returning);
      assertThat(returning).containsAll(seen);
    }
  }

  @Test
  void whereNothingReturnsAnyVideoIsDrawn() {
    try (var scope = Scope.open();
        var opened = VideoModel.open(model, Device.CPU, Dtype.FLOAT32);
        var all = filmed(opened, ALL, 1)) {
      assertThat(all.films().traces()).allMatch(of -> !of.getFirst().comebacks().contains(1));
      var begun = all.draw(new SplittableRandom(5), 8, 3, 6); // judged is the second chunk
      assertThat(begun.given().videos().size(0)).isEqualTo(8);
    }
  }

  @Test
  void rolloutsOfTheShareAreGivenAllButWhatIsMade() {
    try (var scope = Scope.open();
        var opened = VideoModel.open(model, Device.CPU, Dtype.FLOAT32);
        var all = filmed(opened, ALL, 0)) {
      var random = new SplittableRandom(1);
      var given = IntStream.range(0, 60).map(i -> all.frames(random, i, FRAMES)).boxed().toList();
      assertThat(given).contains(0, FRAMES - 9, FRAMES - 6).allMatch(frames -> frames % 3 == 0);
      assertThat(given).allMatch(frames -> frames == 0 || frames >= FRAMES - 9);
    }
  }

  /** Which of the videos a drawn one begins as. */
  private static int found(Given given, int drawn, FilmedBeginnings all) {
    int frames = Math.toIntExact(given.videos().size(2));
    var video = given.videos().narrow(0, drawn, 1).permute(0, 2, 1, 3, 4);
    for (int i = 0; i < VIDEOS; i++) {
      var whole = all.films().latents().narrow(0, i, 1).narrow(1, 0, frames);
      if (video.minus(whole).abs().max().item() == 0) {
        return i;
      }
    }
    throw new AssertionError("no video of the footage");
  }

  private FilmedBeginnings filmed(VideoModel opened, WorldFootage.Share share, double returning) {
    var run =
        (ContextualDmdRun)
            RunFiles.read(
                Path.of("..", "recipes", "longtake-mini-stage2.yaml"),
                Map.of(
                    "student.from",
                    model.toString(),
                    "matching.lengths",
                    "{from: 60, to: " + FRAMES + ", every: 3, over: 1}",
                    "matching.window",
                    "" + WINDOW,
                    "past.share",
                    "0.5",
                    "past.made",
                    "{from: 6, to: 9, every: 3, over: 1}",
                    "past.returning",
                    "" + returning,
                    "past.videos",
                    "" + VIDEOS,
                    "past.together",
                    "4"));
    var prompts = new TextPrompts(opened.text(), Device.CPU, random -> "a brick room", "");
    var place = new Workplace(List.of(Device.CPU), folder, 1, Ending.NEVER, new Ear(""));
    return FilmedBeginnings.of(
        run.past(),
        run.student(),
        run.matching(),
        opened.config(),
        prompts,
        share,
        Dtype.FLOAT32,
        place);
  }
}
