package dev.longtake.wan;

import static dev.longtake.tensor.Functional.gelu;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.FusedOps;
import dev.longtake.nn.Linear;
import dev.longtake.nn.Passage;
import dev.longtake.nn.Rotary;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** The transformer; see the package for its uses and the legend of axes. */
public final class WanTransformer {
  private final WanConfig config;
  private final FusedOps ops;
  private final Patches patches;
  private final TimeEmbedding time;
  private final Linear textFirst;
  private final Linear textSecond;
  private final List<WanBlock> blocks;
  private final Passage passage;

  private WanTransformer(Weights weights, WanConfig config, FusedOps ops) {
    this.config = config;
    passage = Passage.DIRECT;
    this.ops = ops;
    int dim = config.dim();
    patches = Patches.of(weights, config);
    textFirst = Linear.of(weights.at("text_embedding.0"), config.textDim(), dim);
    textSecond = Linear.of(weights.at("text_embedding.2"), dim, dim);
    time = TimeEmbedding.of(weights, config);
    blocks =
        IntStream.range(0, config.numLayers())
            .mapToObj(i -> WanBlock.of(weights.at("blocks." + i), config, ops))
            .toList();
  }

  private WanTransformer(WanTransformer same, Passage passage) {
    this.passage = passage;
    config = same.config;
    ops = same.ops;
    patches = same.patches;
    time = same.time;
    textFirst = same.textFirst;
    textSecond = same.textSecond;
    blocks = same.blocks;
  }

  /** Takes every weight of the transformer. */
  public static WanTransformer of(Weights weights, WanConfig config) {
    return of(weights, config, FusedOps.plain());
  }

  /**
   * Takes every weight of the transformer, whose blocks compute in a way of the caller's choice.
   * Embeddings, modulations, the prompt's layers and the head always stay as they are stored.
   *
   * @param ops outlives the transformer
   */
  public static WanTransformer of(Weights weights, WanConfig config, FusedOps ops) {
    return new WanTransformer(weights, config, ops);
  }

  /** The same network, whose layers are run by a passage. */
  public WanTransformer through(Passage other) {
    return new WanTransformer(this, other);
  }

  /** The sizes. */
  public WanConfig config() {
    return config;
  }

  /** How its blocks compute. */
  public FusedOps ops() {
    return ops;
  }

  /**
   * Reads a prompt. Missing tokens are zeros that pass through the text layers and are attended to,
   * as in the original (no mask).
   *
   * @param states the text encoder's states, at most {@code textLen} tokens
   */
  public Prompt read(@Axes("B T E") Tensor states) {
    long missing = config.textLen() - states.size(1);
    if (missing < 0) {
      throw new IllegalArgumentException(
          states.size(1) + " text tokens are more than the " + config.textLen() + " that fit");
    }
    try (var scope = Scope.open()) {
      var padded = missing == 0 ? states : Functional.pad(states, 0, 0, 0, missing);
      var context = textSecond.forward(gelu(textFirst.forward(padded)));
      return new Prompt(blocks.stream().map(block -> block.crossAttention().read(context)).toList())
          .keptBy(scope);
    }
  }

  /**
   * The rotations of frames at given temporal positions; the same for every pass over them.
   *
   * @param rows of their latents
   * @param columns of their latents
   */
  public Rotary rotary(int[] positions, long rows, long columns, Device device) {
    int patch = WanConfig.PATCH;
    return Rotary.at(
        positions, (int) rows / patch, (int) columns / patch, config.headDim(), device);
  }

  /**
   * Predicts the flow of the last frames.
   *
   * @param latents all frames of this pass; their type is that of the arithmetic
   * @param timesteps 0 (clean) to 1000 (noise) for each frame
   * @param positions temporal position of each frame
   * @param prompt what {@link #read} made of the prompt, for the same batch
   * @param spans what each layer's queries see
   * @param predicted how many frames, from the end, to predict
   * @return {@code noise − clean} of those frames, [B, C, predicted, Y, X], FLOAT32 or wider
   */
  public @Axes("B C F Y X") Tensor forward(
      @Axes("B C F Y X") Tensor latents,
      @Axes("B F") Tensor timesteps,
      int[] positions,
      Prompt prompt,
      IntFunction<AttentionSpan> spans,
      int predicted) {
    try (var scope = Scope.open()) {
      var rotary = rotary(positions, latents.size(3), latents.size(4), latents.device());
      return scope.keep(forward(latents, timesteps, rotary, prompt, spans, predicted));
    }
  }

  /** The same with rotations made before, by {@link #rotary}: nothing waits for the device. */
  public @Axes("B C F Y X") Tensor forward(
      @Axes("B C F Y X") Tensor latents,
      @Axes("B F") Tensor timesteps,
      Rotary rotary,
      Prompt prompt,
      IntFunction<AttentionSpan> spans,
      int predicted) {
    try (var scope = Scope.open()) {
      var embedded = time.embed(timesteps, latents.dtype());
      var six = time.project(embedded);
      var x = patches.embed(latents).to(sums(latents.dtype()));
      long frames = latents.size(2);
      for (int i = 0; i < blocks.size(); i++) {
        long asked = i + 1 < blocks.size() ? frames : predicted;
        x = blocks.get(i).through(passage, x, six, prompt.layer(i), rotary, spans.apply(i), asked);
      }
      long first = frames - predicted;
      return scope.keep(
          patches.unembed(
              x,
              embedded.narrow(1, first, predicted),
              latents.size(3) / WanConfig.PATCH,
              latents.size(4) / WanConfig.PATCH));
    }
  }

  /**
   * A pass for the sake of the keys and values that it leaves with the spans: nothing is predicted,
   * so the last layer makes those and no more. Nothing is differentiated.
   *
   * @param latents as in {@link #forward}, and so are the others
   */
  public void leave(
      @Axes("B C F Y X") Tensor latents,
      @Axes("B F") Tensor timesteps,
      Rotary rotary,
      Prompt prompt,
      IntFunction<AttentionSpan> spans) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var six = time.project(time.embed(timesteps, latents.dtype()));
      var x = patches.embed(latents).to(sums(latents.dtype()));
      long frames = latents.size(2);
      int last = blocks.size() - 1;
      for (int i = 0; i < last; i++) {
        x = blocks.get(i).forward(x, six, prompt.layer(i), rotary, spans.apply(i), frames);
      }
      blocks.get(last).leave(x, six, rotary, spans.apply(last));
    }
  }

  /** What branches are added to is FLOAT32 at least, whatever they are computed in. */
  private static Dtype sums(Dtype arithmetic) {
    return arithmetic == Dtype.FLOAT64 ? Dtype.FLOAT64 : Dtype.FLOAT32;
  }

  /** Predicts the flow of all frames, every token seeing every token. */
  public @Axes("B C F Y X") Tensor forward(
      @Axes("B C F Y X") Tensor latents,
      @Axes("B F") Tensor timesteps,
      int[] positions,
      Prompt prompt) {
    return forward(
        latents, timesteps, positions, prompt, i -> AttentionSpan.FULL, positions.length);
  }
}
