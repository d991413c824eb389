package dev.longtake.train;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.text.TokenIds;
import java.util.List;

/**
 * Encoded videos with their captions, all of one length. Axes: N videos, F latent frames, C
 * channels, Y rows, X columns, T text tokens.
 *
 * @param latents normalised, any float type, on the training device
 * @param captions token numbers of the captions, on the training device
 * @param traces for each video, what memory would hold under some policies
 */
public record Footage(
    @Axes("N F C Y X") Tensor latents, TokenIds captions, List<List<MemoryTrace>> traces)
    implements AutoCloseable {

  /** Copies the lists. */
  public Footage {
    traces = traces.stream().map(List::copyOf).toList();
    if (traces.size() != latents.size(0)) {
      throw new IllegalArgumentException(
          traces.size() + " traces do not belong to " + latents.size(0) + " videos");
    }
  }

  /** How many videos. */
  public int videos() {
    return traces.size();
  }

  /** Latent frames per video. */
  public int frames() {
    return Math.toIntExact(latents.size(1));
  }

  /**
   * Gathers a batch.
   *
   * @param samples as many frames each
   * @param positions temporal position of each frame
   * @param chunk how many frames, from the end, are the chunk
   */
  public CausalBatch gather(List<Sample> samples, int[] positions, int chunk) {
    try (var scope = Scope.open()) {
      int size = samples.size();
      int each = positions.length;
      long[] rows = new long[size * each];
      long[] videos = new long[size];
      for (int i = 0; i < size; i++) {
        var sample = samples.get(i);
        videos[i] = sample.video();
        for (int j = 0; j < each; j++) {
          rows[i * each + j] = (long) sample.video() * frames() + sample.frames()[j];
        }
      }
      long[] shape = latents.shape();
      var flat = latents.reshape(shape[0] * shape[1], shape[2], shape[3], shape[4]);
      var picked =
          flat.gatherRows(0, Tensor.of(rows, rows.length).to(latents.device()))
              .reshape(size, each, shape[2], shape[3], shape[4])
              .permute(0, 2, 1, 3, 4)
              .to(Dtype.FLOAT32)
              .contiguous();
      var whose = Tensor.of(videos, size).to(latents.device());
      return new CausalBatch(
          scope.keep(picked),
          positions,
          chunk,
          new TokenIds(
              scope.keep(captions.ids().gatherRows(0, whose)),
              scope.keep(captions.mask().gatherRows(0, whose))));
    }
  }

  /**
   * Frames of one video, memory first.
   *
   * @param video which, from 0
   * @param frames which latent frames, from 0
   */
  public record Sample(int video, int[] frames) {}

  @Override
  public void close() {
    latents.close();
    captions.ids().close();
    captions.mask().close();
  }
}
