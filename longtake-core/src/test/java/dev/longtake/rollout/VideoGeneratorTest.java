package dev.longtake.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.memory.MemoryPolicies;
import dev.longtake.rollout.ModelConfig.SamplerKind;
import dev.longtake.rollout.ModelConfig.Sampling;
import dev.longtake.rollout.PromptSchedule.Shot;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.NativeMemory;
import dev.longtake.tensor.Tensor;
import dev.longtake.tensor.TensorException;
import dev.longtake.testkit.LeakGuard;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakGuard.class)
class VideoGeneratorTest {
  private static final int BYTES = TinyModel.WIDTH * TinyModel.HEIGHT * 3;

  private static VideoModel model;

  @BeforeAll
  static void open(@TempDir Path folder) {
    model = VideoModel.open(TinyModel.write(folder), Device.CPU, Dtype.FLOAT32);
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @Test
  void everyPartOfEveryChunkIsToldInOrder() {
    var told = new ArrayList<ChunkPart>();
    try (var video = VideoGenerator.start(model, request())) {
      video.next(); // before anyone watches
      video.watchedBy(told::add);
      video.next();
      video.next();
    }
    var parts = List.of(ChunkPart.values());
    assertThat(told.subList(0, parts.size())).isEqualTo(parts);
    assertThat(told.subList(parts.size(), told.size())).isEqualTo(parts);
  }

  @ParameterizedTest
  @EnumSource(ChunkPart.class)
  void afterMemoryRanOutTheSameModelMakesTheSameVideo(ChunkPart where) {
    var wanted = pictures(request(), 3);
    for (var memory : List.of(TinyModel.MEMORY, "context-forcing-released", "rolling-forcing")) {
      var sampling = new Sampling(SamplerKind.FEW_STEP, 2, 3, 1);
      var request = request().withMemory(MemoryPolicies.parse(memory)).withSampling(sampling);
      try (var video = VideoGenerator.start(model, request)) {
        video.next();
        video.watchedBy(
            part -> {
              if (part == where) {
                Tensor.zeros(Dtype.FLOAT32, Device.CPU, 1L << 25, 1L << 25);
              }
            });
        assertThatThrownBy(video::next)
            .isInstanceOfSatisfying(
                TensorException.class, e -> assertThat(e.outOfMemory()).isTrue());
      }
    }
    assertThat(pictures(request(), 3)).isDeepEqualTo(wanted);
  }

  @Test
  void chunksThatAreDenoisedTogetherEndWhereTheVideoDoes() {
    var request =
        request()
            .withMemory(MemoryPolicies.ROLLING_FORCING)
            .withSampling(new Sampling(SamplerKind.FEW_STEP, 3, 3, 1));
    try (var endless = VideoGenerator.start(model, request);
        var ending = VideoGenerator.start(model, request)) {
      assertThatThrownBy(() -> ending.lasting(0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("at least 1 picture, not 0");
      ending.lasting(9 + 12 + 12 + 1); // the fourth chunk is cut to a single picture
      for (int chunk = 0; chunk < 4; chunk++) {
        var went = endless.next().frames();
        var ended = ending.next().frames();
        // With three levels a chunk is made with the two after it.
        assertThat(Arrays.deepEquals(went.toArray(), ended.toArray())).isEqualTo(chunk < 2);
      }
      assertThatThrownBy(() -> ending.lasting(50))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("before the first chunk only");
    }
  }

  @Test
  void theFirstChunkIsNinePicturesAndEveryOtherTwelve() {
    try (var video = VideoGenerator.start(model, request())) {
      long frames = 0;
      for (int i = 0; i < 4; i++) {
        var chunk = video.next();
        assertThat(chunk.index()).isEqualTo(i);
        assertThat(chunk.firstFrame()).isEqualTo(frames);
        assertThat(chunk.frames()).hasSize(i == 0 ? 9 : 12).allMatch(rgb -> rgb.length == BYTES);
        assertThat(chunk.width()).isEqualTo(TinyModel.WIDTH);
        assertThat(chunk.height()).isEqualTo(TinyModel.HEIGHT);
        assertThat(chunk.denoiseSeconds()).isPositive();
        assertThat(chunk.decodeSeconds()).isPositive();
        frames += chunk.frames().size();
        assertThat(video.frames()).isEqualTo(frames);
        assertThat(video.held().frames()).isEqualTo(3 * (i + 1));
      }
      assertThat(video.seconds()).isEqualTo(45 / 16.0);
    }
  }

  @Test
  void aVideoDependsOnSeedMemorySamplerAndPromptAndOnNothingElse() {
    var request = request();
    var pictures = pictures(request, 4);
    assertThat(pictures(request, 4)).isDeepEqualTo(pictures);
    for (var other :
        List.of(
            request.withSeed(1),
            request.withMemory(MemoryPolicies.parse("sink-window:sink=0,frames=4")),
            request.withSampling(new Sampling(SamplerKind.EULER, 3, 3, 1)),
            request.withSampling(new Sampling(SamplerKind.EULER, 2, 3, 2)),
            request.withSampling(new Sampling(SamplerKind.FEW_STEP, 2, 3, 1)),
            new VideoRequest("a brick cube", 0, request.memory(), request.sampling()))) {
      assertThat(Arrays.deepEquals(pictures(other, 4), pictures)).as(other.toString()).isFalse();
    }
  }

  @Test
  void aGivenVideoIsContinuedFromItsLastWholeChunk() {
    for (var counts : new int[][] {{9, 9}, {20, 9}, {21, 21}, {32, 21}, {33, 33}}) {
      try (var video = VideoGenerator.start(model, request())) {
        assertThat(video.continueFrom(given(counts[0])))
            .as(counts[0] + " pictures")
            .isEqualTo(counts[1]);
        assertThat(video.held().frames()).isEqualTo(3 + (counts[1] - 9) / 4);
        assertThat(video.frames()).isZero();
        assertThat(video.plan().past()).isNotEmpty();
        assertThat(video.next().frames()).hasSize(12);
        assertThat(video.frames()).isEqualTo(12);
      }
    }
  }

  @Test
  void theContinuationDependsOnWhatWasGiven() {
    var pictures = given(21);
    var other = new ArrayList<>(pictures);
    other.set(20, new byte[BYTES]);
    var continued = continued(pictures);
    assertThat(continued(pictures)).isDeepEqualTo(continued);
    assertThat(Arrays.deepEquals(continued(other), continued)).isFalse();
    // What is left over is not used.
    var longer = new ArrayList<>(pictures);
    longer.addAll(given(11));
    assertThat(continued(longer)).isDeepEqualTo(continued);
  }

  @Test
  void tooFewPicturesOrPicturesOfAnotherSizeAreRefused() {
    try (var video = VideoGenerator.start(model, request())) {
      assertThatThrownBy(() -> video.continueFrom(given(8)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("a video to be continued needs at least 9 frames, not 8");
      var small = new ArrayList<>(given(9));
      small.set(4, new byte[BYTES - 3]);
      assertThatThrownBy(() -> video.continueFrom(small))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("picture 4 has " + (BYTES - 3) + " bytes");
      assertThat(video.held().frames()).isZero();
      assertThat(video.continueFrom(given(9))).isEqualTo(9); // nothing was spoilt
    }
  }

  @Test
  void aVideoThatHasBegunCannotBeContinuedFromAnother() {
    try (var video = VideoGenerator.start(model, request())) {
      video.next();
      assertThatThrownBy(() -> video.continueFrom(given(9)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("before the first chunk");
    }
  }

  @ParameterizedTest
  @EnumSource(PromptSwitch.class)
  void aScheduleChangesThePromptBetweenChunks(PromptSwitch how) {
    var schedule =
        new PromptSchedule(
            List.of(new Shot(TinyModel.PROMPT, 0), new Shot("a brick cube", 3)),
            OptionalInt.empty());
    try (var plain = VideoGenerator.start(model, request());
        var followed = VideoGenerator.start(model, prompted(request(), "a room"));
        var byHand = VideoGenerator.start(model, request())) {
      followed.follow(schedule, how);
      for (int chunk = 0; chunk < 5; chunk++) {
        if (chunk == 3) {
          byHand.switchTo("a brick cube", how);
        }
        var pictures = followed.next().frames();
        assertThat(pictures.toArray(byte[][]::new))
            .isDeepEqualTo(byHand.next().frames().toArray(byte[][]::new));
        var unchanged = plain.next().frames().toArray(byte[][]::new);
        assertThat(Arrays.deepEquals(pictures.toArray(byte[][]::new), unchanged))
            .as("chunk " + chunk)
            .isEqualTo(chunk < 3);
      }
      assertThat(followed.held().frames()).isEqualTo(15);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 6})
  void aPromptOfChunksThatAreDenoisedTogetherTakesOverAsTheFirstOfThemIsBegun(int start) {
    var schedule =
        new PromptSchedule(
            List.of(new Shot(TinyModel.PROMPT, 0), new Shot("a brick cube", start)),
            OptionalInt.empty());
    var request =
        request()
            .withMemory(MemoryPolicies.ROLLING_FORCING)
            .withSampling(new Sampling(SamplerKind.FEW_STEP, 3, 3, 1));
    try (var plain = VideoGenerator.start(model, request);
        var followed = VideoGenerator.start(model, request)) {
      followed.follow(schedule, PromptSwitch.KEEP);
      for (int chunk = 0; chunk < 8; chunk++) {
        var pictures = followed.next().frames();
        // Chunk 6 is begun as chunk 4 ends; chunk 1 was begun with the first.
        assertThat(Arrays.deepEquals(pictures.toArray(), plain.next().frames().toArray()))
            .as("chunk " + chunk)
            .isEqualTo(chunk < (start == 1 ? 1 : 4));
      }
    }
  }

  @Test
  void whatMemoryDoesAtAChangeOfPromptMatters() {
    var pictures = new ArrayList<Object[]>();
    for (var how : PromptSwitch.values()) {
      try (var video = VideoGenerator.start(model, request())) {
        for (int chunk = 0; chunk < 5; chunk++) {
          video.next();
        }
        video.switchTo("a brick cube", how);
        pictures.add(video.next().frames().toArray(byte[][]::new));
      }
    }
    assertThat(Arrays.deepEquals(pictures.get(0), pictures.get(1))).isFalse();
    assertThat(Arrays.deepEquals(pictures.get(0), pictures.get(2))).isFalse();
    assertThat(Arrays.deepEquals(pictures.get(1), pictures.get(2))).isFalse();
  }

  @Test
  void aPromptThatCannotBeReadIsRefusedBeforeTheFirstChunkAndChangesNothing() {
    var tooLong =
        new PromptSchedule(
            List.of(new Shot("a cube", 0), new Shot("cube ".repeat(TinyModel.PROMPT_TOKENS), 3)),
            OptionalInt.empty());
    try (var video = VideoGenerator.start(model, request());
        var other = VideoGenerator.start(model, request())) {
      assertThatThrownBy(() -> video.follow(tooLong, PromptSwitch.KEEP))
          .hasMessageContaining("prompt has 49 tokens");
      assertThatThrownBy(() -> video.switchTo(" ", PromptSwitch.FLUSH))
          .hasMessageContaining("prompt is empty");
      assertThat(video.next().frames().toArray(byte[][]::new))
          .isDeepEqualTo(other.next().frames().toArray(byte[][]::new));
      assertThatThrownBy(() -> video.follow(PromptSchedule.of("a cube"), PromptSwitch.KEEP))
          .isInstanceOf(IllegalStateException.class);
    }
    var released = request().withMemory(MemoryPolicies.CONTEXT_FORCING_RELEASED);
    try (var video = VideoGenerator.start(model, released)) {
      assertThatThrownBy(() -> video.follow(PromptSchedule.of("a cube"), PromptSwitch.RECOMPUTE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("other frames in every layer");
    }
  }

  @Test
  void anEmptyPromptAndOneTooLongAreRefused() {
    var request = request();
    assertThatThrownBy(() -> VideoGenerator.start(model, prompted(request, "  ")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("prompt is empty");
    assertThatThrownBy(
            () ->
                VideoGenerator.start(
                    model, prompted(request, "cube ".repeat(TinyModel.PROMPT_TOKENS))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("prompt has 49 tokens, the model reads at most 48");
  }

  @Test
  void aGivenVideoIsTakenChunkByChunk() {
    var pictures = given(33);
    var taken = new AtomicInteger();
    var ahead = new ArrayList<Integer>();
    try (var video = VideoGenerator.start(model, request())) {
      Iterable<byte[]> counted =
          () ->
              pictures.stream()
                  .peek(
                      picture ->
                          // 4 k − 3 pictures are in k remembered frames
                          ahead.add(
                              taken.incrementAndGet() - Math.max(0, 4 * video.held().frames() - 3)))
                  .iterator();
      assertThat(video.continueFrom(counted)).isEqualTo(33);
      assertThat(taken).hasValue(33);
      assertThat(Collections.max(ahead)).isEqualTo(12);
      assertThat(video.next().frames().toArray(byte[][]::new)).isDeepEqualTo(continued(pictures));
    }
  }

  @ParameterizedTest
  @EnumSource(Overlap.class)
  void memoryUseDoesNotGrowWithTheVideo(Overlap overlap) {
    try (var video = VideoGenerator.start(model, request(), overlap)) {
      var handles = new ArrayList<Long>();
      for (int chunk = 0; chunk < 14; chunk++) {
        video.next();
        handles.add(NativeMemory.liveHandles());
      }
      assertThat(handles.subList(6, 14)).containsOnly(handles.get(6));
    }
  }

  private static VideoRequest request() {
    return VideoRequest.of(model.config(), TinyModel.PROMPT);
  }

  private static VideoRequest prompted(VideoRequest request, String prompt) {
    return new VideoRequest(prompt, request.seed(), request.memory(), request.sampling());
  }

  private static byte[][] pictures(VideoRequest request, int chunks) {
    try (var video = VideoGenerator.start(model, request)) {
      return IntStream.range(0, chunks)
          .mapToObj(i -> video.next())
          .flatMap(chunk -> chunk.frames().stream())
          .toArray(byte[][]::new);
    }
  }

  private static byte[][] continued(List<byte[]> given) {
    try (var video = VideoGenerator.start(model, request())) {
      video.continueFrom(given);
      return video.next().frames().toArray(byte[][]::new);
    }
  }

  private static List<byte[]> given(int count) {
    var random = new SplittableRandom(3);
    return IntStream.range(0, count)
        .mapToObj(
            i -> {
              byte[] rgb = new byte[BYTES];
              random.nextBytes(rgb);
              return rgb;
            })
        .toList();
  }
}
