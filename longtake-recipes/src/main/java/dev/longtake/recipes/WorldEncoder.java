package dev.longtake.recipes;

import dev.longtake.memory.FrameRange;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.Pixels;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.vae.EncodeState;
import dev.longtake.vae.VaeConfig;
import dev.longtake.vae.WanVae;
import dev.longtake.world.Clip;
import dev.longtake.world.FrameSize;
import dev.longtake.world.Panorama;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Films clips and encodes the videos, many at once, piece by piece, while the next pieces are
 * filmed on other threads.
 */
final class WorldEncoder {
  private static final int PIECE = 8; // latent frames encoded at once, after the first

  /**
   * How videos are encoded.
   *
   * @param vae its encoder
   * @param dtype of the arithmetic and of the latents
   * @param device where latents stay
   * @param place whose threads film
   * @param progress hears how many videos are done, as text
   */
  record Studio(
      WanVae vae, Dtype dtype, Device device, Workplace place, Consumer<String> progress) {

    /** The first device tells how it gets on; all leave off where the run is told to. */
    static Studio of(WanVae vae, Dtype dtype, Device device, Workplace place, int rank) {
      return new Studio(
          vae,
          dtype,
          device,
          place,
          text -> {
            place.goOn();
            if (rank == 0) {
              place.watcher().said(text);
            }
          });
    }
  }

  private final List<Clip> clips;
  private final int latentFrames;
  private final int together;
  private final FrameSize size;
  private final Map<Long, Panorama> panoramas = new ConcurrentHashMap<>();

  /**
   * Clips to encode, those of one world next to one another: it is rendered once.
   *
   * @param latentFrames how much of each clip, from its beginning
   * @param together how many clips at once
   */
  WorldEncoder(List<Clip> clips, int latentFrames, int together, FrameSize size) {
    this.clips = clips;
    this.latentFrames = latentFrames;
    this.together = together;
    this.size = size;
  }

  /** The latents of all clips, normalised. The caller closes them. */
  @Axes("N F C Y X")
  Tensor encode(Studio studio) {
    var vae = studio.vae();
    int pieces = 1 + (latentFrames - 1 + PIECE - 1) / PIECE;
    int groups = (clips.size() + together - 1) / together;
    Tensor out;
    try (var scope = Scope.open()) {
      out =
          Scope.escape(
              Tensor.empty(
                  studio.dtype(),
                  studio.device(),
                  clips.size(),
                  latentFrames,
                  vae.config().zDim(),
                  size.height() / ModelConfig.PIXELS_PER_LATENT,
                  size.width() / ModelConfig.PIXELS_PER_LATENT));
    }
    long largest =
        (long) together
            * pixels(latents(Math.min(1, pieces - 1)), vae.config()).count()
            * size.bytes();
    var place = studio.place();
    try (var off = Gradients.off();
        var pictures =
            place.prefetcher(
                item -> piece((int) (item / pieces), (int) (item % pieces), groups, vae.config()),
                place.threadsEach() + 2,
                largest)) {
      for (int group = 0; group < groups; group++) {
        int first = group * together;
        int count = Math.min(together, clips.size() - first);
        try (var state = EncodeState.start()) {
          for (int piece = 0; piece < pieces; piece++) {
            try (var scope = Scope.open()) {
              var range = latents(piece);
              var bytes = pictures.apply((long) group * pieces + piece);
              int frames = pixels(range, vae.config()).count();
              var rgb =
                  Tensor.ofBytes(bytes, Dtype.UINT8, count, frames, size.height(), size.width(), 3);
              var video = Pixels.toTensor(rgb, studio.device()).to(studio.dtype());
              out.narrow(0, first, count)
                  .narrow(1, range.first(), range.count())
                  .copyFrom(vae.encode(video, state).permute(0, 2, 1, 3, 4));
            }
          }
        }
        forget(first, first + count);
        studio.progress().accept("encoded " + (first + count) + " of " + clips.size() + " videos");
      }
      return out;
    } catch (RuntimeException | Error e) {
      out.close();
      throw e;
    }
  }

  private FrameRange latents(int piece) {
    return piece == 0
        ? FrameRange.of(0)
        : new FrameRange(1 + (piece - 1) * PIECE, Math.min(latentFrames, 1 + piece * PIECE));
  }

  private static FrameRange pixels(FrameRange latents, VaeConfig config) {
    return new FrameRange(
        latents.first() == 0 ? 0 : config.pixelFrames(latents.first()),
        config.pixelFrames(latents.end()));
  }

  private byte[] piece(int group, int piece, int groups, VaeConfig config) {
    if (group >= groups) {
      return new byte[0]; // asked for ahead of the end
    }
    int first = group * together;
    int last = Math.min(clips.size(), first + together);
    var range = pixels(latents(piece), config);
    byte[] out = new byte[(last - first) * range.count() * size.bytes()];
    byte[] picture = new byte[size.bytes()];
    int at = 0;
    for (int video = first; video < last; video++) {
      var clip = clips.get(video);
      var panorama =
          panoramas.computeIfAbsent(clip.world().seed(), seed -> Panorama.of(clip.world(), size));
      for (int frame = range.first(); frame < range.end(); frame++) {
        panorama.render(clip.path().yaw(frame), picture);
        System.arraycopy(picture, 0, out, at, picture.length);
        at += picture.length;
      }
    }
    return out;
  }

  /** Drops the worlds of clips {@code from} to {@code to} that the next clip does not show. */
  private void forget(int from, int to) {
    clips.subList(from, to).stream()
        .map(clip -> clip.world().seed())
        .filter(seed -> to == clips.size() || seed != clips.get(to).world().seed())
        .forEach(panoramas::remove);
  }
}
