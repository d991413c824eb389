package dev.longtake.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.KernelChoice;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("gpu")
class ReplayedVideoTest {
  private static final int CHUNKS = 14;
  private static final int SWITCH = 8; // memory is full, and passes are recorded, since chunk 5

  /**
   * Tried ones are chosen by time, by each thread for itself: the decoder's could be another than
   * this thread's, and in TF32.
   */
  @BeforeEach
  void decodeByTheSameKernels() {
    KernelChoice.guessConvolutions();
  }

  @Test
  void aReplayedVideoThatIsDecodedMeanwhileIsTheOneMadeInTurn(@TempDir Path folder) {
    try (var model = VideoModel.open(TinyModel.write(folder), Device.cuda(0), Dtype.FLOAT32)) {
      var inTurn = pictures(model, Overlap.OFF, Replay.OFF);
      var meanwhile = pictures(model, Overlap.ON, Replay.ON);

      assertThat(meanwhile).hasSameSizeAs(inTurn);
      for (int i = 0; i < inTurn.size(); i++) {
        assertThat(farthest(inTurn.get(i), meanwhile.get(i)))
            .as("picture " + i)
            .isLessThanOrEqualTo(1);
      }
      assertThat(farthest(inTurn.getFirst(), inTurn.getLast())).isGreaterThan(10);
    }
  }

  private static List<byte[]> pictures(VideoModel model, Overlap overlap, Replay replay) {
    var request = VideoRequest.of(model.config(), TinyModel.PROMPT).withSeed(5);
    try (var video = VideoGenerator.start(model, request, overlap, replay)) {
      var made = new ArrayList<CompletableFuture<VideoChunk>>();
      for (int chunk = 0; chunk < CHUNKS; chunk++) {
        if (chunk == SWITCH) {
          video.switchTo("a brick room", PromptSwitch.KEEP);
        }
        made.add(video.begin());
      }
      return made.stream().flatMap(chunk -> chunk.join().frames().stream()).toList();
    }
  }

  /** The largest step between two pictures, in levels of a colour. */
  private static int farthest(byte[] a, byte[] b) {
    int most = 0;
    for (int i = 0; i < a.length; i++) {
      most = Math.max(most, Math.abs((a[i] & 0xff) - (b[i] & 0xff)));
    }
    return most;
  }
}
