package dev.longtake.recipes;

import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.Pixels;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.Prefetcher;
import dev.longtake.world.CameraPath;
import dev.longtake.world.FrameSize;
import dev.longtake.world.Split;
import java.util.SplittableRandom;
import java.util.function.LongFunction;

/**
 * Short clips of many worlds for the autoencoder: each a random world, a stretch of a random camera
 * path, and a window of its pictures. A step's batch is a function of its number.
 */
final class WorldClips implements LongFunction<Tensor>, AutoCloseable {
  private static final int WORLDS_KEPT = 256; // at least: half a megabyte each at 192 × 128
  private static final int LATEST = 20 * CameraPath.FRAMES_PER_SECOND;

  private final ClipStage stage;
  private final FrameSize size;
  private final Device device;
  private final int rank;
  private final Panoramas panoramas;
  private final Prefetcher<byte[]> batches;

  /**
   * Clips on a device.
   *
   * @param rank which of the devices that share a step, from 0
   * @param place whose threads render
   */
  WorldClips(
      ClipStage stage, ModelConfig.VideoSize video, Device device, int rank, Workplace place) {
    this.stage = stage;
    this.device = device;
    this.rank = rank;
    size = new FrameSize(video.width(), video.height());
    // Making a world costs as much as hundreds of its pictures, so they stay where there is room.
    int least = Math.min(WORLDS_KEPT, stage.worlds());
    panoramas =
        new Panoramas(size, place.fitting(least, stage.worlds(), Panoramas.bytesOfOne(size)));
    long bytes = 3L * stage.pictures() * size.height() * stage.columns();
    batches = place.prefetcher(this::batch, 2 * place.threadsEach(), bytes);
  }

  /** Pixels in [−1, 1] of a step's clips. */
  @Override
  public @Axes("B 3 F Y X") Tensor apply(long step) {
    try (var scope = Scope.open()) {
      var rgb =
          Tensor.ofBytes(
              batches.apply(step),
              Dtype.UINT8,
              clips(step),
              length(step),
              size.height(),
              stage.columns(),
              3);
      return scope.keep(Pixels.toTensor(rgb, device));
    }
  }

  private byte[] batch(long step) {
    var random = new SplittableRandom(Rng.mix(stage.training().seed(), step, 1, rank));
    int columns = stage.columns();
    int clips = clips(step);
    int length = length(step);
    byte[] out = new byte[clips * length * size.height() * columns * 3];
    byte[] picture = new byte[size.bytes()];
    int at = 0;
    for (int clip = 0; clip < clips; clip++) {
      var panorama = panoramas.of(Split.TRAIN.seed(random.nextInt(stage.worlds())));
      int from = random.nextInt(LATEST);
      var path = CameraPath.of(random.nextLong(), from + length);
      int left = random.nextInt(size.width() - columns + 1);
      for (int frame = 0; frame < length; frame++) {
        panorama.render(path.yaw(from + frame), picture);
        for (int row = 0; row < size.height(); row++) {
          System.arraycopy(picture, (row * size.width() + left) * 3, out, at, columns * 3);
          at += columns * 3;
        }
      }
    }
    return out;
  }

  private int clips(long step) {
    return stage.pictures() / length(step);
  }

  private int length(long step) {
    var lengths = stage.lengths();
    long drawn = Rng.mix(stage.training().seed(), step, 2);
    return lengths.get((int) Long.remainderUnsigned(drawn, lengths.size()));
  }

  @Override
  public void close() {
    batches.close();
  }
}
