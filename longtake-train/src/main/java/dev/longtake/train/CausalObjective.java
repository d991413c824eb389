package dev.longtake.train;

import dev.longtake.diffusion.FlowSchedule;
import dev.longtake.nn.AttentionSpan;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.text.Umt5Encoder;
import dev.longtake.wan.CausalMasks;
import dev.longtake.wan.WanConfig;
import dev.longtake.wan.WanTransformer;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;

/**
 * Flow matching of a chunk given what memory would hold at that moment, and teacher forcing.
 *
 * <p>With memory, context and chunk are one pass: the context is clean (timestep 0) apart from a
 * little noise the network is not told of, which stands for the errors of its own past; it sees
 * itself, the chunk sees everything, and gradients reach the keys that memory will hold; several
 * noisy versions of the chunk share one context. In teacher forcing a stretch of consecutive frames
 * is learnt at once, every block from the clean blocks before it.
 *
 * @param model the causal transformer
 * @param text its text encoder, trained along unless its weights are frozen
 * @param batches the frames of each step
 * @param target what the flow is to be
 * @param config noise levels and shares
 * @param dtype of the arithmetic
 */
public record CausalObjective(
    WanTransformer model,
    Umt5Encoder text,
    LongFunction<CausalBatch> batches,
    FlowTarget target,
    Config config,
    Dtype dtype)
    implements Objective {
  /** Latent frames generated together. */
  public static final int BLOCK = 3;

  /** Of a model that learns the flow of the videos themselves. */
  public CausalObjective(
      WanTransformer model,
      Umt5Encoder text,
      LongFunction<CausalBatch> batches,
      Config config,
      Dtype dtype) {
    this(model, text, batches, FlowTarget.NOISE_MINUS_CLEAN, config, dtype);
  }

  /** Refuses to hide captions from a student that is guided by them. */
  public CausalObjective {
    if (target instanceof Guide && config.promptDropout() > 0) {
      throw new IllegalArgumentException(
          "prompt_dropout is "
              + config.promptDropout()
              + ", but there is no guidance without captions; make it 0");
    }
  }

  /**
   * Noise levels and shares.
   *
   * @param shift warp of the chunk's noise levels, above 0
   * @param draws how many noisy versions of the chunk share one context, at least 1: the context
   *     costs most of a pass
   * @param contextNoise highest σ of the context's noise, 0 to 1; its square root is drawn evenly
   * @param promptDropout fraction of captions that are hidden, for guidance, 0 to 1
   */
  public record Config(double shift, int draws, double contextNoise, double promptDropout) {
    /** Checks the ranges. */
    public Config {
      if (!(shift > 0)
          || draws < 1
          || !(contextNoise >= 0 && contextNoise <= 1)
          || !(promptDropout >= 0 && promptDropout <= 1)) {
        throw new IllegalArgumentException(
            "need shift above 0, draws of at least 1, context_noise and prompt_dropout in [0, 1],"
                + " not "
                + shift
                + ", "
                + draws
                + ", "
                + contextNoise
                + ", "
                + promptDropout);
      }
    }
  }

  @Override
  public Loss at(long step, Rng rng) {
    try (var scope = Scope.open()) {
      var batch = batches.apply(step);
      boolean forced = batch.context() == 0 && batch.chunk() > blockOf(batch);
      var loss = forced ? teacherForcing(batch, rng) : withMemory(batch, rng);
      var tag = forced ? "causal/teacher_forcing" : "causal/context_" + batch.context();
      return new Loss(scope.keep(loss), Map.of(tag, scope.keep(loss.detach())));
    }
  }

  private Tensor withMemory(CausalBatch batch, Rng rng) {
    try (var scope = Scope.open()) {
      int context = batch.context();
      int chunk = batch.chunk();
      int draws = context > 0 ? config.draws() : 1;
      int frames = draws * chunk;
      long size = batch.latents().size(0);
      var clean =
          Tensor.cat(Collections.nCopies(draws, batch.latents().narrow(2, context, chunk)), 2);
      var noise = rng.normal(Dtype.FLOAT32, clean.shape());
      var perDraw = FlowMatching.sigmas(rng, config.shift(), size, draws, 1);
      var sigma = perDraw.expand(size, draws, chunk).reshape(size, 1, frames, 1, 1);
      var noisy = FlowMatching.noised(clean, noise, sigma);
      var times = sigma.reshape(size, frames).times(FlowSchedule.TIMESTEPS);

      AttentionSpan span = AttentionSpan.FULL;
      if (context > 0) {
        var past = disturbed(batch.latents().narrow(2, 0, context), rng);
        noisy = Tensor.cat(List.of(past, noisy), 2);
        times = Tensor.cat(List.of(times.narrow(1, 0, 1).times(0).expand(size, context), times), 1);
        span = AttentionSpan.contextThenChunks((long) context * patches(batch), draws);
      }
      var pass = new NoisyPass(noisy.to(dtype), times, repeated(batch, draws), span, frames);
      return scope.keep(loss(pass, states(batch, rng), clean, noise));
    }
  }

  /** The context's positions, then the chunk's once for each draw. */
  private static int[] repeated(CausalBatch batch, int draws) {
    int[] once = batch.positions();
    int[] all = Arrays.copyOf(once, batch.context() + draws * batch.chunk());
    for (int i = once.length; i < all.length; i++) {
      all[i] = all[i - batch.chunk()];
    }
    return all;
  }

  private Tensor teacherForcing(CausalBatch batch, Rng rng) {
    try (var scope = Scope.open()) {
      var clean = batch.latents();
      long size = clean.size(0);
      int frames = batch.chunk();
      int block = blockOf(batch);
      var noise = rng.normal(Dtype.FLOAT32, clean.shape());
      var perBlock = FlowMatching.sigmas(rng, config.shift(), size, frames / block, 1);
      var sigma = perBlock.expand(size, frames / block, block).reshape(size, 1, frames, 1, 1);
      var noisy = FlowMatching.noised(clean, noise, sigma);
      var times = sigma.reshape(size, frames).times(FlowSchedule.TIMESTEPS);

      int[] twice = new int[2 * frames];
      for (int i = 0; i < twice.length; i++) {
        twice[i] = batch.positions()[i % frames];
      }
      var mask = CausalMasks.teacherForcing(frames, block, patches(batch), clean.device());
      var pass =
          new NoisyPass(
              Tensor.cat(List.of(disturbed(clean, rng), noisy), 2).to(dtype),
              Tensor.cat(List.of(times.times(0), times), 1),
              twice,
              AttentionSpan.masked(mask),
              frames);
      return scope.keep(loss(pass, states(batch, rng), clean, noise));
    }
  }

  /** Context with a little noise, as much for all frames of a sample. */
  private Tensor disturbed(@Axes("B C F Y X") Tensor context, Rng rng) {
    try (var scope = Scope.open()) {
      var root = rng.uniform(Dtype.FLOAT32, context.size(0), 1, 1, 1, 1);
      var sigma = root.square().times(config.contextNoise());
      var noise = rng.normal(Dtype.FLOAT32, context.shape());
      return scope.keep(FlowMatching.noised(context, noise, sigma));
    }
  }

  private Tensor loss(
      NoisyPass pass,
      @Axes("B L E") Tensor states,
      @Axes("B C F Y X") Tensor clean,
      @Axes("B C F Y X") Tensor noise) {
    try (var scope = Scope.open()) {
      var wanted = target.of(pass, states, clean, noise);
      return scope.keep(FlowMatching.loss(pass.flow(model, model.read(states)), wanted));
    }
  }

  /** What the captions say; a hidden one is all zeros, as for guidance. */
  private @Axes("B L E") Tensor states(CausalBatch batch, Rng rng) {
    try (var scope = Scope.open()) {
      var states = text.encode(batch.captions(), dtype);
      return scope.keep(PromptDropout.apply(states, config.promptDropout(), rng));
    }
  }

  private static int blockOf(CausalBatch batch) {
    return Math.min(BLOCK, batch.chunk());
  }

  private static int patches(CausalBatch batch) {
    int patch = WanConfig.PATCH;
    return Math.toIntExact(batch.latents().size(3) / patch * (batch.latents().size(4) / patch));
  }
}
