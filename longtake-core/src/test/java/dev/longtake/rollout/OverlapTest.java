package dev.longtake.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.rollout.PromptSchedule.Shot;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.testkit.LeakGuard;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Decoding on a thread of its own. */
@ExtendWith(LeakGuard.class)
class OverlapTest {
  private static final int CHUNKS = 5;
  private static final int PATIENCE_SECONDS = 60;

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
  void thePicturesAndTheirOrderAreThoseOfOneAfterTheOther() {
    var schedule =
        new PromptSchedule(
            List.of(new Shot(TinyModel.PROMPT, 0), new Shot("a brick cube", 2)),
            OptionalInt.empty());
    try (var inTurn = start(Overlap.OFF);
        var meanwhile = start(Overlap.ON)) {
      inTurn.follow(schedule, PromptSwitch.RECOMPUTE);
      meanwhile.follow(schedule, PromptSwitch.RECOMPUTE);
      var begun = new ArrayList<CompletableFuture<VideoChunk>>();
      var decoded = new AtomicInteger();
      meanwhile.watchedBy(
          part -> {
            if (part == ChunkPart.DECODE) {
              decoded.incrementAndGet();
            }
          });
      for (int i = 0; i < CHUNKS; i++) {
        begun.add(meanwhile.begin());
        assertThat(decoded.get()).as("decoded").isGreaterThanOrEqualTo(i);
      }
      for (int i = 0; i < CHUNKS; i++) {
        var expected = inTurn.begin();
        assertThat(expected).isDone();
        assertSame(begun.get(i).join(), expected.join());
      }
      assertThat(meanwhile.frames()).isEqualTo(inTurn.frames());
      assertSame(meanwhile.next(), inTurn.next());
    }
  }

  @Test
  void aContinuationIsTheSameToo() {
    var given = new ArrayList<byte[]>();
    try (var video = start(Overlap.OFF)) {
      given.addAll(video.next().frames());
      given.addAll(video.next().frames());
    }
    try (var inTurn = start(Overlap.OFF);
        var meanwhile = start(Overlap.ON)) {
      assertThat(meanwhile.continueFrom(given)).isEqualTo(inTurn.continueFrom(given));
      var first = meanwhile.begin();
      var second = meanwhile.begin();
      assertSame(first.join(), inTurn.next());
      assertSame(second.join(), inTurn.next());
    }
  }

  /** The decoder does not let go of the first chunk until the second is denoised. */
  @Test
  void aChunkIsDecodedWhileTheNextOneIsDenoised() {
    var denoised = new CountDownLatch(2);
    var inTime = new AtomicBoolean();
    try (var video = start(Overlap.ON)) {
      video.watchedBy(
          part -> {
            if (part == ChunkPart.DENOISE) {
              denoised.countDown();
            } else if (part == ChunkPart.DECODE) {
              inTime.set(opened(denoised));
            }
          });
      var first = video.begin();
      assertThat(first).isNotDone();
      video.begin();
      assertThat(first).isDone();
      assertThat(inTime).isTrue();
    }
  }

  @Test
  void whatGoesWrongWhileDecodingReachesWhoeverWaitsOrGoesOn() {
    try (var video = start(Overlap.ON)) {
      video.next();
      video.watchedBy(
          part -> {
            if (part == ChunkPart.DECODE) {
              throw new IllegalStateException("no pictures today");
            }
          });
      var broken = video.begin();
      assertThatThrownBy(broken::join)
          .isInstanceOf(CompletionException.class)
          .hasRootCauseMessage("no pictures today");
      assertThatThrownBy(video::begin)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("no pictures today");
      assertThatThrownBy(video::next).hasMessage("no pictures today");
    }
  }

  @Test
  void whatGoesWrongBesideDecodingSpoilsNothing() {
    try (var inTurn = start(Overlap.OFF);
        var meanwhile = start(Overlap.ON)) {
      var first = meanwhile.begin();
      assertThatThrownBy(() -> meanwhile.switchTo(" ", PromptSwitch.KEEP))
          .hasMessageContaining("prompt is empty");
      assertSame(first.join(), inTurn.next());
      assertSame(meanwhile.next(), inTurn.next());
    }
  }

  /** The guard counts native memory; here threads are counted too. */
  @Test
  void closingInTheMiddleLeavesNothingBehind() throws InterruptedException {
    CompletableFuture<VideoChunk> unseen;
    try (var video = start(Overlap.ON)) {
      video.next();
      unseen = video.begin();
    }
    assertThat(unseen).isDone();
    for (var thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().equals("longtake-decoder")) {
        assertThat(thread.join(Duration.ofSeconds(PATIENCE_SECONDS))).isTrue();
      }
    }
  }

  @Test
  void anUnusedDecoderIsClosedToo() {
    var video = start(Overlap.ON);
    assertThat(video.frames()).isZero();
    video.close();
  }

  @Test
  void theDeviceDecidesUnlessToldOtherwise() {
    assertThat(Overlap.parse("auto", Device.CPU)).isEqualTo(Overlap.OFF);
    assertThat(Overlap.parse("auto", Device.cuda(1))).isEqualTo(Overlap.ON);
    for (var overlap : Overlap.values()) {
      assertThat(Overlap.parse(overlap.word(), Device.CPU)).isEqualTo(overlap);
    }
    assertThatThrownBy(() -> Overlap.parse("maybe", Device.CPU))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("unknown overlap 'maybe'; give auto, on or off");
  }

  private static VideoGenerator start(Overlap overlap) {
    return VideoGenerator.start(
        model, VideoRequest.of(model.config(), TinyModel.PROMPT).withSeed(5), overlap);
  }

  private static boolean opened(CountDownLatch latch) {
    try {
      return latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      return false;
    }
  }

  private static void assertSame(VideoChunk actual, VideoChunk expected) {
    assertThat(actual.index()).isEqualTo(expected.index());
    assertThat(actual.firstFrame()).isEqualTo(expected.firstFrame());
    assertThat(actual.frames().toArray(byte[][]::new))
        .isDeepEqualTo(expected.frames().toArray(byte[][]::new));
  }
}
