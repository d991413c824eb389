package dev.longtake.vae;

import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * The tiny decoder for Wan 2.1's latents (TAEHV): flat convolutions that imitate {@link WanVae}'s
 * decoder at a fraction of its cost, for previews and slow machines.
 *
 * <p>Axes as in {@link PictureDecoder}. Pictures differ from the autoencoder's in fine detail;
 * their number and place in time do not: every latent makes four frames, and of the first latent's
 * four only the last is shown. Pixels stay within [−1, 1]. The weights belong to {@link Weights}.
 */
public final class TinyDecoder implements PictureDecoder {
  /** What the published network limits latents to, softly. */
  private static final double LIMIT = 3;

  /** Frames per latent, less the one that a video's first latent stands for. */
  private static final int BEFORE_THE_VIDEO = 3;

  private final TinyConfig config;
  private final FlatConv first;
  private final List<TinyStage> stages;
  private final FlatConv last;

  private TinyDecoder(TinyConfig config, Weights weights) {
    this.config = config;
    var widths = config.widths();
    first = FlatConv.of(weights.at("1"), config.zDim(), widths.getFirst());
    List<TinyStage> made = new ArrayList<>();
    int place = 3;
    for (int stage = 0; stage < TinyConfig.STAGES; stage++) {
      made.add(
          TinyStage.of(
              weights, place, widths.get(stage), widths.get(stage + 1), TinyConfig.frames(stage)));
      place += 6;
    }
    stages = List.copyOf(made);
    last = FlatConv.of(weights.at("" + (place + 1)), widths.getLast(), VaeConfig.COLOURS);
  }

  /** A decoder of weights under their published names, below {@code decoder}. */
  public static TinyDecoder of(TinyConfig config, Weights weights) {
    return new TinyDecoder(config, weights.at("decoder"));
  }

  /** The sizes. */
  public TinyConfig config() {
    return config;
  }

  @Override
  public @Axes("B 3 F Y X") Tensor decode(@Axes("B z f y x") Tensor latents) {
    check(latents);
    return pixels(latents, Past.BEGINNING);
  }

  @Override
  public @Axes("B 3 F Y X") Tensor decode(@Axes("B z f y x") Tensor latents, DecodeState state) {
    check(latents);
    try (var scope = Scope.open()) {
      return scope.keep(state.cache.pass(latents, next -> pixels(next, state.cache)));
    }
  }

  private Tensor pixels(Tensor latents, Past past) {
    try (var scope = Scope.open()) {
      var inside = latents.permute(0, 2, 3, 4, 1).contiguous();
      var x = first.forward(inside.times(1 / LIMIT).tanh().times(LIMIT)).clampMin(0);
      for (var stage : stages) {
        x = stage.forward(x, past);
      }
      if (past.atStart()) {
        x = x.narrow(1, BEFORE_THE_VIDEO, x.size(1) - BEFORE_THE_VIDEO);
      }
      var colours = last.forward(x.clampMin(0)).clamp(0, 1).times(2).plus(-1);
      return scope.keep(colours.permute(0, 4, 1, 2, 3));
    }
  }

  private void check(Tensor latents) {
    if (latents.rank() != 5 || latents.size(1) != config.zDim() || latents.size(2) < 1) {
      throw new IllegalArgumentException(
          "latents must be [B, " + config.zDim() + ", 1 or more, y, x], not " + latents);
    }
  }
}
