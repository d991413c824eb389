package dev.longtake.data;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Batches of clips that were encoded once and for all, in shuffled order.
 *
 * @param shards of {@link #LATENTS} and {@link #TEXT}; closed with this
 * @param cursor where each step stands
 * @param rank which of the devices that share a step
 * @param frames latent frames of a batch, from each example's start
 * @param device where batches are wanted
 */
public record CachedLatents(ShardFolder shards, Cursor cursor, int rank, int frames, Device device)
    implements LatentSource {
  /** The tensor of an example that holds its latents, [C, F, Y, X]. */
  public static final String LATENTS = "latents";

  /** The tensor of an example that holds its caption's states without what follows their end. */
  public static final String TEXT = "text";

  @Override
  public LatentBatch at(long step) {
    try (var scope = Scope.open()) {
      var latents = new ArrayList<Tensor>();
      var texts = new ArrayList<Tensor>();
      for (int number : cursor.at(step, rank)) {
        latents.add(start(number).to(device).to(Dtype.FLOAT32));
        texts.add(shards.read(number, TEXT));
      }
      return new LatentBatch(
          scope.keep(Tensor.stack(latents, 0)), scope.keep(padded(texts).to(device)));
    }
  }

  private Tensor start(int number) {
    var whole = shards.read(number, LATENTS);
    if (whole.rank() != 4 || whole.size(1) < frames) {
      throw new CheckpointException(
          "example " + shards.key(number),
          "holds latents "
              + Arrays.toString(whole.shape())
              + ", "
              + frames
              + " frames are wanted; encode longer clips");
    }
    return whole.narrow(1, 0, frames);
  }

  /**
   * Texts of any lengths, [L, E] each, as one batch [B, L, E] with zeros after the shorter ones.
   */
  public static Tensor padded(List<Tensor> texts) {
    try (var scope = Scope.open()) {
      long longest = texts.stream().mapToLong(text -> text.size(0)).max().orElse(0);
      return scope.keep(
          Tensor.stack(
              texts.stream()
                  .map(text -> Functional.pad(text, 0, 0, 0, longest - text.size(0)))
                  .toList(),
              0));
    }
  }

  /**
   * A caption's states [L, E] without the zeros after its end.
   *
   * @param states the same with them
   */
  public static Tensor trimmed(Tensor states) {
    try (var scope = Scope.open()) {
      float[] sizes = states.to(Dtype.FLOAT32).abs().sum(1).toFloats();
      int length = sizes.length;
      while (length > 1 && sizes[length - 1] == 0) {
        length--;
      }
      return scope.keep(states.narrow(0, 0, length));
    }
  }

  @Override
  public void close() {
    shards.close();
  }
}
