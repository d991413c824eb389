package dev.longtake.rollout;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Moment;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.tensor.WorkStream;
import dev.longtake.vae.DecodeState;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Makes pictures of one video's latents, in order: at once, or on a thread of its own, at most one
 * chunk behind. Used by one thread.
 */
final class ChunkDecoder implements AutoCloseable {
  private final VideoModel model;
  private final DecodeState state = DecodeState.start();
  private final @Nullable ExecutorService thread; // absent where all is done at once
  private @Nullable WorkStream stream; // the thread's
  private CompletableFuture<Decoded> latest = CompletableFuture.completedFuture(Decoded.NOTHING);

  /**
   * A chunk's pictures.
   *
   * @param pictures interleaved RGB bytes
   * @param seconds it took to make them
   */
  record Decoded(List<byte[]> pictures, double seconds) {
    static final Decoded NOTHING = new Decoded(List.of(), 0);
  }

  ChunkDecoder(VideoModel model, Overlap overlap) {
    this.model = model;
    thread =
        switch (overlap) {
          case ON ->
              Executors.newSingleThreadExecutor(
                  Thread.ofPlatform().daemon().name("longtake-decoder").factory());
          case OFF -> null;
        };
  }

  /**
   * Takes the next latents, once those before are done. They stay the caller's.
   *
   * @param watch hears when the pictures are made, on the thread that makes them
   * @throws RuntimeException that of the latents before, if they could not be decoded
   */
  CompletableFuture<Decoded> decode(@Axes("1 C F Y X") Tensor latents, ChunkWatch watch) {
    Awaited.result(latest);
    if (thread == null) {
      return CompletableFuture.completedFuture(pictures(latents, watch));
    }
    var ready = Moment.of(model.device());
    var own = Scope.escape(latents.detach());
    latest = CompletableFuture.supplyAsync(() -> meanwhile(own, ready, watch), thread);
    return latest.copy();
  }

  /** Throws what an earlier decoding threw, if it is known already. */
  void requireWhole() {
    if (latest.isCompletedExceptionally()) {
      Awaited.result(latest);
    }
  }

  private Decoded meanwhile(Tensor latents, Moment ready, ChunkWatch watch) {
    try (latents;
        ready) {
      if (stream == null) {
        stream = WorkStream.open(model.device());
      }
      ready.await();
      try {
        return pictures(latents, watch);
      } finally {
        model.device().synchronize(); // else the other stream might use their memory too early
      }
    }
  }

  private Decoded pictures(Tensor latents, ChunkWatch watch) {
    long begun = System.nanoTime();
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var video = model.decoder().decode(latents.to(model.dtype()), state);
      var pictures = Pixels.toBytes(video, 0);
      watch.done(ChunkPart.DECODE);
      return new Decoded(pictures, (System.nanoTime() - begun) / 1e9);
    }
  }

  /** Waits for what is being decoded, and drops it. */
  @Override
  public void close() {
    if (thread != null && !thread.isShutdown()) {
      thread.execute(
          () -> {
            if (stream != null) {
              stream.close();
            }
          });
      thread.close();
    }
    state.close();
  }
}
