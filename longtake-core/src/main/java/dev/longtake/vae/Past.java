package dev.longtake.vae;

import dev.longtake.nn.Passage;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What a causal layer sees in front of the frames at hand.
 *
 * <p>Axes: B batch, F frames, Y rows, X columns, C channels. Layers ask in the order in which they
 * run, so that a past which remembers needs no names for them.
 */
sealed interface Past permits Past.Beginning, FrameCache {

  /** The start of a video that is given whole: nothing before it, and nothing to remember. */
  Past BEGINNING = new Beginning(Passage.DIRECT);

  /** Whether these are the first frames of a video. */
  boolean atStart();

  /**
   * The frames at hand, after the {@code frames} frames that came before them: zeros at the start
   * of a video.
   *
   * @param x F may be 0
   */
  @Axes("B F Y X C")
  Tensor join(@Axes("B F Y X C") Tensor x, int frames);

  /**
   * {@link #join} of frames that are yet to be made, right where they are to stand; nothing is
   * differentiated.
   *
   * @param like of their shape and type; F at least 1
   * @param making writes every one of them
   */
  @Axes("B F Y X C")
  Tensor joinMade(@Axes("B F Y X C") Tensor like, int frames, Consumer<Tensor> making);

  /** Keeps the last frames for the next {@link #join} of this layer, which sees nothing now. */
  void remember(@Axes("B F Y X C") Tensor x, int frames);

  /** How layers are run. */
  default Passage passage() {
    return Passage.DIRECT;
  }

  /** See {@link #BEGINNING}; layers may be run otherwise. */
  record Beginning(Passage passage) implements Past {
    @Override
    public boolean atStart() {
      return true;
    }

    @Override
    public Tensor join(Tensor x, int frames) {
      return afterZeros(x, frames);
    }

    @Override
    public Tensor joinMade(Tensor like, int frames, Consumer<Tensor> making) {
      return made(Optional.empty(), like, frames, making);
    }

    @Override
    public void remember(Tensor x, int frames) {}
  }

  /** Frames made behind those given, or behind zeros. */
  static Tensor made(Optional<Tensor> before, Tensor like, int frames, Consumer<Tensor> making) {
    try (var scope = Scope.open()) {
      var shape = like.shape();
      long own = shape[1];
      shape[1] += frames;
      var all = Tensor.empty(like.dtype(), like.device(), shape);
      var front = all.narrow(1, 0, frames);
      before.ifPresentOrElse(front::copyFrom, () -> front.fill(0));
      making.accept(all.narrow(1, frames, own));
      return scope.keep(all);
    }
  }

  /** Zeros in front. */
  static Tensor afterZeros(Tensor x, int frames) {
    try (var scope = Scope.open()) {
      var shape = x.shape();
      shape[1] = frames;
      return scope.keep(Tensor.cat(List.of(Tensor.zeros(x.dtype(), x.device(), shape), x), 1));
    }
  }
}
