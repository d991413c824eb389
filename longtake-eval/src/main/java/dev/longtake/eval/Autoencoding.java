package dev.longtake.eval;

import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.Pixels;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.vae.DecodeState;
import dev.longtake.vae.EncodeState;
import java.util.ArrayList;
import java.util.List;

/**
 * A video through the autoencoder and back, chunk by chunk, as generation uses it: the first chunk
 * is 9 pictures, every other 12.
 */
final class Autoencoding implements AutoCloseable {
  private final VideoModel model;
  private final EncodeState encoding = EncodeState.start();
  private final DecodeState decoding = DecodeState.start();

  Autoencoding(VideoModel model) {
    this.model = model;
  }

  /** How many pictures so many chunks are. */
  static int pictures(int chunks) {
    return chunks == 0
        ? 0
        : ModelConfig.FIRST_CHUNK_PICTURES + (chunks - 1) * ModelConfig.CHUNK_PICTURES;
  }

  /** Most chunks that so many pictures make. */
  static int chunks(int pictures) {
    int more = pictures - ModelConfig.FIRST_CHUNK_PICTURES;
    return more < 0 ? 0 : 1 + more / ModelConfig.CHUNK_PICTURES;
  }

  /**
   * The latents of the next pictures.
   *
   * @param pictures at the beginning 1 + 4k, later 4k
   * @return FLOAT32 [1, C, F, Y, X], owned by the caller's scope
   */
  Tensor encode(List<byte[]> pictures) {
    var size = model.config().video();
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var parts = new ArrayList<Tensor>();
      for (int at = 0; at < pictures.size(); ) {
        // The first picture stands alone; then latents are made of four.
        int count = encoding.pixelFrames() == 0 ? 1 : 4;
        var video =
            Pixels.toTensor(
                pictures.subList(at, at + count), size.width(), size.height(), model.device());
        parts.add(model.vae().encode(video.to(model.dtype()), encoding).to(Dtype.FLOAT32));
        at += count;
      }
      return scope.keep(Tensor.cat(parts, 2));
    }
  }

  /** The pictures of the next latents. */
  List<byte[]> decode(Tensor latents) {
    return decode(model, latents, decoding);
  }

  /** The pictures of the latents that follow on a state. */
  static List<byte[]> decode(VideoModel model, Tensor latents, DecodeState state) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      return Pixels.toBytes(model.vae().decode(latents.to(model.dtype()), state), 0);
    }
  }

  /** Pictures as the autoencoder gives them back; they continue those given before. */
  List<byte[]> pass(List<byte[]> pictures) {
    try (var scope = Scope.open()) {
      return decode(encode(pictures));
    }
  }

  /** Decoding from here on, for pictures of another continuation; closed by the caller. */
  DecodeState fork() {
    return decoding.fork();
  }

  @Override
  public void close() {
    encoding.close();
    decoding.close();
  }
}
