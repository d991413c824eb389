package dev.longtake.recipes;

import dev.longtake.optim.OrElse;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.Unconditional;
import dev.longtake.tensor.Dtype;
import dev.longtake.train.Activations;
import dev.longtake.train.CausalObjective;
import dev.longtake.train.Curriculum;
import dev.longtake.train.TrainingConfig;
import java.nio.file.Path;

/**
 * A model that needs no guidance from one that does, {@code stage: guidance-distillation}: it
 * learns to make in one pass what classifier-free guidance makes of the model's two (Meng et al.,
 * arXiv 2210.03142), on the batches that the model was trained on. It begins as the model; memory,
 * recall, autoencoder and text encoder stay what they are.
 *
 * @param name of the model it leaves
 * @param from folder of the model, whose guidance leads away from zeros
 * @param dtype of the arithmetic on a GPU; the processor always computes in FLOAT32
 * @param guidance scale that is learnt, at least 1
 * @param footage the world's videos
 * @param framesPerStep latent frames per batch, context included
 * @param first share of steps on the first chunk
 * @param filling share of steps while memory fills
 * @param forcing share of steps with teacher forcing
 * @param forcedFrames latent frames of a stretch in teacher forcing
 * @param objective noise levels
 * @param sampling how the model that it leaves is sampled, without guidance
 * @param training how the loop runs
 * @param returning share of the samples with full memory in which a view comes back, 0 to 1
 * @param arriving share of the samples with any memory in which something that the caption names
 *     comes into view, 0 to 1; the rest is drawn from all
 * @param activations whether the transformer's stay until the backward pass
 * @param samples what the model in training generates on the way
 * @param adapter the low-rank change that is trained; if left out, all weights are
 */
public record GuidanceRun(
    String name,
    String from,
    Dtype dtype,
    double guidance,
    TrainingRun.FootageStage footage,
    int framesPerStep,
    double first,
    double filling,
    double forcing,
    int forcedFrames,
    Noise objective,
    ModelConfig.Sampling sampling,
    TrainingConfig training,
    @OrElse("0") double returning,
    @OrElse("0") double arriving,
    @OrElse("kept") Activations activations,
    @OrElse("{every: 0, seconds: 4, prompts: []}") TrainingRun.SampleStage samples,
    @OrElse("{}") AdapterKeys adapter)
    implements Run {
  /** What run files call it. */
  static final String STAGE = "guidance-distillation";

  /**
   * Noise levels; captions are never hidden.
   *
   * @param shift warp of the chunk's noise levels, above 0
   * @param draws how many noisy versions of the chunk share one context, at least 1
   * @param contextNoise highest σ of the context's noise, 0 to 1
   */
  public record Noise(double shift, int draws, double contextNoise) {
    /** Checks the ranges. */
    public Noise {
      config(shift, draws, contextNoise);
    }

    /** The objective's configuration. */
    CausalObjective.Config config() {
      return config(shift, draws, contextNoise);
    }

    private static CausalObjective.Config config(double shift, int draws, double contextNoise) {
      return new CausalObjective.Config(shift, draws, contextNoise, 0);
    }
  }

  /** Checks that the parts fit one another. */
  public GuidanceRun {
    ClipSizes.check(dtype);
    if (!(guidance >= 1)) {
      throw new IllegalArgumentException("guidance must be at least 1, not " + guidance);
    }
    if (sampling.guidance() != 1) {
      throw new IllegalArgumentException(
          "sampling.guidance is "
              + sampling.guidance()
              + ", but the model that is left has its guidance in it; make it 1");
    }
    var shares = new Curriculum.Shares(first, filling, forcing, returning, arriving);
    footage.check(new Curriculum(training.seed(), framesPerStep, shares, forcedFrames));
  }

  /** What each step trains on. */
  public Curriculum curriculum() {
    var shares = new Curriculum.Shares(first, filling, forcing, returning, arriving);
    return new Curriculum(training.seed(), framesPerStep, shares, forcedFrames);
  }

  @Override
  public void carryOut(Workplace place) {
    var given = FolderKey.model("from", from);
    if (given.unconditional() != Unconditional.ZEROS) {
      throw new IllegalArgumentException(
          "from: guidance of "
              + from
              + " leads away from a prompt (unconditional), and this stage from zeros; give another"
              + " model");
    }
    new TransformerStage(
            STAGE,
            this,
            Path.of(from),
            FirstWeights.GIVEN,
            adapter,
            given.named(name).sampled(sampling),
            training,
            samples,
            place.dtype(dtype),
            place)
        .carryOut(new GuidanceTeaching(this, given, place));
  }

  /** With so few worlds that they are filmed in a moment; a step costs what it always does. */
  @Override
  public Run tried() {
    return new GuidanceRun(
        name,
        from,
        dtype,
        guidance,
        footage.few(),
        framesPerStep,
        first,
        filling,
        forcing,
        forcedFrames,
        objective,
        sampling,
        training,
        returning,
        arriving,
        activations,
        samples,
        adapter);
  }
}
