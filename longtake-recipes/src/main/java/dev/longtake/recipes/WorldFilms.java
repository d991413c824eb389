package dev.longtake.recipes;

import dev.longtake.data.ClipEncoder;
import dev.longtake.data.ClipShape;
import dev.longtake.data.Cursor;
import dev.longtake.data.LatentBatch;
import dev.longtake.data.LatentSource;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.world.Clip;
import dev.longtake.world.FrameSize;
import dev.longtake.world.Split;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One device's share of so many worlds, encoded once: a step then costs no rendering and no
 * encoding, which take longer than the step itself where clips are shown only once.
 *
 * @param latents of all clips, normalised
 * @param text states of their captions
 * @param cursor where each step stands
 */
record WorldFilms(@Axes("N F C Y X") Tensor latents, @Axes("N L E") Tensor text, Cursor cursor)
    implements LatentSource {
  private static final int TOGETHER = 16; // clips encoded at once

  /**
   * Which worlds.
   *
   * @param worlds of all devices together, at least one for each
   * @param seed of the order
   * @param each clips that a device takes at a step
   * @param devices how many share the worlds
   * @param rank which of them
   */
  record Share(int worlds, long seed, int each, int devices, int rank) {}

  /**
   * Films and encodes.
   *
   * @param shape of the clips
   * @param encoder its parts do it, in its arithmetic and on its device
   * @throws java.util.concurrent.CancellationException if the run is told to leave off meanwhile
   */
  static WorldFilms of(Share share, ClipShape shape, ClipEncoder encoder, Workplace place) {
    WorldSource.requireRate(shape);
    var clips =
        IntStream.range(0, share.worlds())
            .filter(world -> world % share.devices() == share.rank())
            .mapToObj(world -> Clip.of(Split.TRAIN.seed(world), shape.frames()))
            .toList();
    var studio =
        WorldEncoder.Studio.of(
            encoder.vae(), encoder.dtype(), encoder.device(), place, share.rank());
    var size = new FrameSize(shape.width(), shape.height());
    int latentFrames = encoder.vae().config().latentFrames(shape.frames());
    var latents = new WorldEncoder(clips, latentFrames, TOGETHER, size).encode(studio);
    try {
      return new WorldFilms(
          latents, states(clips, encoder), new Cursor(share.seed(), clips.size(), share.each(), 1));
    } catch (RuntimeException | Error e) {
      latents.close();
      throw e;
    }
  }

  private static Tensor states(List<Clip> clips, ClipEncoder encoder) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var captions = clips.stream().map(Clip::caption).toList();
      return Scope.escape(Tensor.cat(encoder.text().encode(captions), 0));
    }
  }

  @Override
  public LatentBatch at(long step) {
    try (var scope = Scope.open()) {
      long[] chosen = Arrays.stream(cursor.at(step, 0)).asLongStream().toArray();
      var index = Tensor.of(chosen, chosen.length).to(latents.device());
      return new LatentBatch(
          scope.keep(
              latents.gatherRows(0, index).permute(0, 2, 1, 3, 4).contiguous().to(Dtype.FLOAT32)),
          scope.keep(text.gatherRows(0, index)));
    }
  }

  @Override
  public void close() {
    latents.close();
    text.close();
  }
}
