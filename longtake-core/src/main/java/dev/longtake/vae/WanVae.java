package dev.longtake.vae;

import dev.longtake.nn.FusedOps;
import dev.longtake.nn.Passage;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;

/**
 * Wan 2.1's causal video autoencoder, of any width.
 *
 * <p>Axes: B batch; F, Y, X pixel frames, rows and columns, f, y, x those of latents; z latent
 * channels. Pixels are within [−1, 1], 3 colours; latents are normalised unless said otherwise.
 * What goes in decides the type of the arithmetic, whatever the weights' type.
 *
 * <p>Without a state a method takes a whole video at once and can be differentiated. With a state
 * it takes the next part of a video, records nothing for differentiation, and gives what the whole
 * would give there. The weights belong to {@link Weights}.
 */
public final class WanVae implements PictureDecoder, AutoCloseable {
  private final VaeConfig config;
  private final Encoder encoder;
  private final Pointwise conv1;
  private final Pointwise conv2;
  private final Decoder decoder;
  private final @Axes("z 1 1 1") Tensor mean;
  private final @Axes("z 1 1 1") Tensor std;
  private final Past beginning;

  private WanVae(VaeConfig config, Weights weights, FusedOps ops) {
    this.config = config;
    beginning = Past.BEGINNING;
    encoder = Encoder.of(config, weights.at("encoder"), ops);
    conv1 = Pointwise.of(weights.at("conv1"), 2L * config.zDim(), 2L * config.zDim(), 3);
    conv2 = Pointwise.of(weights.at("conv2"), config.zDim(), config.zDim(), 3);
    decoder = Decoder.of(config, weights.at("decoder"), ops);
    mean = column(config.latentMean(), conv1.weight());
    std = column(config.latentStd(), conv1.weight());
  }

  private WanVae(WanVae same, Passage passage) {
    beginning = new Past.Beginning(passage);
    config = same.config;
    encoder = same.encoder;
    conv1 = same.conv1;
    conv2 = same.conv2;
    decoder = same.decoder;
    mean = same.mean;
    std = same.std;
  }

  /** An autoencoder of weights under their published names, all on one device. */
  public static WanVae of(VaeConfig config, Weights weights) {
    return of(config, weights, FusedOps.plain());
  }

  /**
   * The same, whose norms and activations are computed in a way of the caller's choice.
   *
   * @param ops outlives the autoencoder
   */
  public static WanVae of(VaeConfig config, Weights weights, FusedOps ops) {
    return new WanVae(config, weights, ops);
  }

  /**
   * The same autoencoder, whose layers are run by a passage where a video is taken as a whole; this
   * one alone is closed.
   */
  public WanVae through(Passage passage) {
    return new WanVae(this, passage);
  }

  /** The sizes. */
  public VaeConfig config() {
    return config;
  }

  /**
   * The latents of a whole video.
   *
   * @param video F one more than a multiple of {@link VaeConfig#temporalFactor}, Y and X multiples
   *     of {@link VaeConfig#spatialFactor}
   * @throws IllegalArgumentException if they are not
   */
  public @Axes("B z f y x") Tensor encode(@Axes("B 3 F Y X") Tensor video) {
    try (var scope = Scope.open()) {
      return scope.keep(normalised(encodeMoments(video).mean()));
    }
  }

  /** The distribution of a whole video's latents; sizes as for {@link #encode(Tensor)}. */
  public Moments encodeMoments(@Axes("B 3 F Y X") Tensor video) {
    checkVideo(video);
    config.latentFrames(Math.toIntExact(video.size(2)));
    return moments(video, beginning);
  }

  /**
   * The latents of a video's next frames.
   *
   * @param video at the start of a video 1 + 4k frames for Wan's temporal factor of 4, later 4k;
   *     the other sizes always the same
   * @throws IllegalArgumentException if they are not
   * @throws IllegalStateException if the state was closed, or its last pass failed
   */
  public @Axes("B z f y x") Tensor encode(@Axes("B 3 F Y X") Tensor video, EncodeState state) {
    checkVideo(video);
    int frames = Math.toIntExact(video.size(2));
    if (state.pixelFrames() == 0) {
      config.latentFrames(frames);
    } else if (frames < 1 || frames % config.temporalFactor() != 0) {
      throw new IllegalArgumentException(
          "a video goes on in groups of " + config.temporalFactor() + " frames, not " + frames);
    }
    try (var scope = Scope.open()) {
      return scope.keep(
          state.cache.pass(video, next -> normalised(moments(next, state.cache).mean())));
    }
  }

  /**
   * The frames of a whole video's latents: 1 + 4 (f − 1) for Wan. Not clamped; laid out with the
   * colours of a pixel together.
   */
  @Override
  public @Axes("B 3 F Y X") Tensor decode(@Axes("B z f y x") Tensor latents) {
    checkLatents(latents);
    return pixels(latents, beginning);
  }

  /**
   * The frames of a video's next latents: 1 for the first of a video, 4 for every other. Not
   * clamped; laid out with the colours of a pixel together.
   *
   * @param latents 1 frame or more; the other sizes always the same. Fewer at a time need less
   *     memory
   * @throws IllegalArgumentException if they do not continue the video
   * @throws IllegalStateException if the state was closed, or its last pass failed
   */
  @Override
  public @Axes("B 3 F Y X") Tensor decode(@Axes("B z f y x") Tensor latents, DecodeState state) {
    checkLatents(latents);
    try (var scope = Scope.open()) {
      return scope.keep(state.cache.pass(latents, next -> pixels(next, state.cache)));
    }
  }

  /** Latents to mean 0 and deviation 1, channel by channel. */
  public @Axes("B z f y x") Tensor normalised(@Axes("B z f y x") Tensor raw) {
    try (var scope = Scope.open()) {
      return scope.keep(raw.minus(mean.to(raw.dtype())).dividedBy(std.to(raw.dtype())));
    }
  }

  /** The reverse of {@link #normalised}. */
  public @Axes("B z f y x") Tensor unnormalised(@Axes("B z f y x") Tensor latents) {
    try (var scope = Scope.open()) {
      return scope.keep(latents.times(std.to(latents.dtype())).plus(mean.to(latents.dtype())));
    }
  }

  private Moments moments(Tensor video, Past past) {
    try (var scope = Scope.open()) {
      var both = conv1.forward(encoder.forward(channelsInside(video), past));
      var parts = both.permute(0, 4, 1, 2, 3).chunk(2, 1);
      return new Moments(scope.keep(parts.get(0)), scope.keep(parts.get(1)));
    }
  }

  private Tensor pixels(Tensor latents, Past past) {
    try (var scope = Scope.open()) {
      var inside = channelsInside(unnormalised(latents));
      var video = decoder.forward(conv2.forward(inside), past);
      return scope.keep(video.permute(0, 4, 1, 2, 3));
    }
  }

  /** From here to the result channels lie together, which every operator is fastest with. */
  private static @Axes("B F Y X C") Tensor channelsInside(@Axes("B C F Y X") Tensor x) {
    return x.permute(0, 2, 3, 4, 1).contiguous();
  }

  private void checkVideo(Tensor video) {
    int factor = config.spatialFactor();
    boolean fits = video.rank() == 5 && video.size(1) == VaeConfig.COLOURS;
    if (!fits || video.size(3) % factor != 0 || video.size(4) % factor != 0) {
      throw new IllegalArgumentException(
          "video must be [B, 3, F, Y, X] with Y and X multiples of " + factor + ", not " + video);
    }
  }

  private void checkLatents(Tensor latents) {
    if (latents.rank() != 5 || latents.size(1) != config.zDim() || latents.size(2) < 1) {
      throw new IllegalArgumentException(
          "latents must be [B, " + config.zDim() + ", 1 or more, y, x], not " + latents);
    }
  }

  private static Tensor column(List<Double> values, Tensor beside) {
    float[] numbers = new float[values.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = values.get(i).floatValue();
    }
    try (var scope = Scope.open()) {
      var host = Tensor.of(numbers, numbers.length, 1, 1, 1);
      return Scope.escape(host.to(beside.device()));
    }
  }

  /** Frees the latents' statistics; the weights are freed by {@link Weights#close}. */
  @Override
  public void close() {
    mean.close();
    std.close();
  }
}
