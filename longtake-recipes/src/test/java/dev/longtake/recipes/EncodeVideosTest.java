package dev.longtake.recipes;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.data.CachedLatents;
import dev.longtake.data.Damaged;
import dev.longtake.data.ShardFolder;
import dev.longtake.media.Sampling;
import dev.longtake.media.VideoReader;
import dev.longtake.rollout.Pixels;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Without a leak guard: FFmpeg's small helpers are left to the garbage collector. */
class EncodeVideosTest {
  @TempDir Path folder;
  private Path model = Path.of("");
  private Path videos = Path.of("");

  @BeforeEach
  void write() throws Exception {
    model = TinyFolder.model(folder.resolve("model"), 1);
    videos = folder.resolve("videos");
    TinyFolder.video(videos, "a", 22, "a brick room");
    TinyFolder.video(videos, "b", 9, "a red cube");
  }

  @Test
  void aCacheHoldsWhatTheModelsEncodersMakeOfEveryClip() {
    var outcome = encode(recipe("cache", 9, 2), text -> {});
    assertThat(outcome.examples()).isEqualTo(3);
    assertThat(outcome.fresh()).isEqualTo(3);
    try (var scope = Scope.open();
        var off = Gradients.off();
        var shards = ShardFolder.open(folder.resolve("cache"));
        var opened = VideoModel.open(model, Device.CPU, Dtype.FLOAT32);
        var reader = VideoReader.open(videos.resolve("a.mp4"), Sampling.NONE)) {
      var pictures = new ArrayList<byte[]>();
      reader.forEachRemaining(frame -> pictures.add(frame.rgb()));
      for (int clip = 0; clip < 2; clip++) {
        var video = Pixels.toTensor(pictures.subList(9 * clip, 9 * clip + 9), 32, 16, Device.CPU);
        assertThat(shards.read(clip, CachedLatents.LATENTS).unsqueeze(0))
            .isCloseTo(opened.vae().encode(video), 1e-4);
        var states = opened.text().encode("a brick room").select(0, 0);
        assertThat(shards.read(clip, CachedLatents.TEXT))
            .isBitwiseEqualTo(CachedLatents.trimmed(states));
        assertThat(shards.caption(clip)).isEqualTo("a brick room");
      }
      assertThat(shards.caption(2)).isEqualTo("a red cube");
    }
  }

  @Test
  void anEncodingThatWasKilledGoesOnToTheSameCache() {
    var recipe = recipe("broken", 1, 30);
    assertThatThrownBy(
            () ->
                encode(
                    recipe,
                    text -> {
                      if (text.startsWith("encoded 20 of 31")) {
                        throw new IllegalStateException("killed");
                      }
                    }))
        .hasMessage("killed");
    var outcome = encode(recipe, text -> {});
    assertThat(outcome.examples()).isEqualTo(31);
    assertThat(outcome.fresh()).isEqualTo(11);
    encode(recipe("straight", 1, 30), text -> {});
    try (var scope = Scope.open();
        var broken = ShardFolder.open(folder.resolve("broken"));
        var straight = ShardFolder.open(folder.resolve("straight"))) {
      assertThat(broken.size()).isEqualTo(straight.size());
      for (int i = 0; i < broken.size(); i++) {
        assertThat(broken.key(i)).isEqualTo(straight.key(i));
        assertThat(broken.read(i, "latents")).isBitwiseEqualTo(straight.read(i, "latents"));
      }
    }
    assertThat(encode(recipe, text -> {}).fresh()).isZero();
  }

  @Test
  void clipsThatComeTwiceAreCountedOnce() {
    var said = new ArrayList<String>();
    var twice =
        new EncodeVideos(
            List.of(videos, videos),
            model,
            folder.resolve("twice"),
            9,
            1,
            Sampling.Between.NEAREST,
            Damaged.REFUSE,
            1);
    assertThat(encode(twice, said::add).examples()).isEqualTo(2);
    assertThat(said).contains("encoding 2 clips, 0 are there", "encoded 2 of 2 clips");
  }

  @Test
  void aChangedCaptionOrVideoIsEncodedAnewAndTheRestIsNot() throws Exception {
    encode(recipe("cache", 9, 1), text -> {});
    Files.writeString(videos.resolve("a.txt"), "another room");
    assertThat(encode(recipe("cache", 9, 1), text -> {}).fresh()).isEqualTo(1);
    TinyFolder.video(videos, "b", 12, "a red cube");
    assertThat(encode(recipe("cache", 9, 1), text -> {}).fresh()).isEqualTo(1);
  }

  @Test
  void anotherModelOrShapeIsRefusedInThatFolder() throws Exception {
    encode(recipe("cache", 9, 1), text -> {});
    assertThatThrownBy(() -> encode(recipe("cache", 5, 1), text -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("was encoded with frames 9, not 5");
    TinyFolder.model(model, 2);
    assertThatThrownBy(() -> encode(recipe("cache", 9, 1), text -> {}))
        .hasMessageContaining("was encoded with model ");
  }

  @Test
  void whatCannotBeUsedIsListedBesideTheShards() throws Exception {
    TinyFolder.video(videos, "c", 3, "short");
    Files.delete(videos.resolve("b.txt"));
    var outcome = encode(recipe("cache", 9, 1), text -> {});
    assertThat(outcome.examples()).isEqualTo(1);
    assertThat(outcome.skipped().count()).isEqualTo(2);
    assertThat(Files.readAllLines(folder.resolve("cache/skipped.txt")))
        .satisfiesExactly(
            line -> assertThat(line).contains("b.mp4: no caption"),
            line -> assertThat(line).contains("c.mp4: it is too short: 3 of 9 pictures"));
    assertThatThrownBy(() -> encode(recipe("other", 81, 1), text -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no video is left to use (3 skipped");
  }

  private EncodeVideos recipe(String cache, int frames, int clips) {
    return new EncodeVideos(
        List.of(videos),
        model,
        folder.resolve(cache),
        frames,
        clips,
        Sampling.Between.NEAREST,
        Damaged.REFUSE,
        1);
  }

  private static EncodeVideos.Outcome encode(EncodeVideos recipe, Consumer<String> said) {
    return recipe.run(Device.CPU, Dtype.FLOAT32, 2, said);
  }
}
