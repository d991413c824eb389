package dev.longtake.recipes;

import dev.longtake.memory.MemoryPolicies;
import dev.longtake.optim.OrElse;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.Unconditional;
import dev.longtake.tensor.Dtype;
import dev.longtake.train.Activations;
import dev.longtake.train.CausalObjective;
import dev.longtake.train.Curriculum;
import dev.longtake.train.MemoryTrace;
import dev.longtake.train.TrainingConfig;
import java.util.List;

/**
 * A run from nothing, {@code stage: from-nothing}: the model and how each stage trains it.
 *
 * @param model what is trained; the autoencoder's latent statistics are measured by the run
 * @param dtype of the arithmetic on a GPU; the processor always computes in FLOAT32
 * @param vae first stage: the video autoencoder on clips of the world
 * @param footage encoded videos for the second stage
 * @param causal second stage: transformer and text encoder
 * @param decoder last stage: the autoencoder's decoder again, with its encoder fixed
 * @param vaeFrom folder of a model whose autoencoder is taken, with its latents' statistics, in
 *     place of the first stage; empty for training one
 */
public record TrainingRun(
    ModelConfig model,
    Dtype dtype,
    VaeStage vae,
    FootageStage footage,
    CausalStage causal,
    DecoderStage decoder,
    @OrElse("''") String vaeFrom)
    implements Run {
  /** What run files call it. */
  static final String STAGE = "from-nothing";

  static final int FEW_VIDEOS = 16;

  /** Checks that the parts fit one another, before any of them has cost an hour. */
  public TrainingRun {
    ClipSizes.check(dtype);
    if (model.unconditional() != Unconditional.ZEROS) {
      throw new IllegalArgumentException(
          "model.unconditional is prompt, but this run hides captions by zeros; make it zeros");
    }
    int width = model.video().width();
    if (vae.columns() > width || decoder.columns() > width) {
      throw new IllegalArgumentException(
          "columns of "
              + vae.columns()
              + " (vae) and "
              + decoder.columns()
              + " (decoder) must fit pictures of width "
              + width);
    }
    footage.check(causal.curriculum());
  }

  @Override
  public String name() {
    return model.name();
  }

  @Override
  public void carryOut(Workplace place) {
    new TrainModel(this, place).run();
  }

  /** With so few worlds that they are filmed in a moment; a step costs what it always does. */
  @Override
  public Run tried() {
    return new TrainingRun(model, dtype, vae, footage.few(), causal, decoder, vaeFrom);
  }

  /**
   * The autoencoder's stage.
   *
   * @param pictures per step, all clips together
   * @param lengths pictures per clip, each 1 more than a multiple of 4; a step takes one of them. A
   *     causal autoencoder knows how far it is from the first picture, so one that only ever saw
   *     short clips drifts in long ones
   * @param columns pixels of each picture's width that are seen, a multiple of 16
   * @param worlds how many different worlds
   * @param divergenceWeight of the latents' divergence from a normal distribution
   * @param training how the loop runs
   * @param activations whether they stay until the backward pass
   */
  public record VaeStage(
      int pictures,
      List<Integer> lengths,
      int columns,
      int worlds,
      double divergenceWeight,
      TrainingConfig training,
      @OrElse("kept") Activations activations)
      implements ClipStage {
    /** Checks the sizes. */
    public VaeStage {
      lengths = List.copyOf(lengths);
      ClipStage.check("vae", pictures, lengths, columns, worlds);
    }
  }

  /**
   * The decoder's stage.
   *
   * @param pictures per step, all clips together
   * @param lengths pictures per clip, each 1 more than a multiple of 4; a step takes one of them
   * @param columns pixels of each picture's width that are seen, a multiple of 16
   * @param worlds how many different worlds
   * @param training how the loop runs
   * @param activations whether they stay until the backward pass
   */
  public record DecoderStage(
      int pictures,
      List<Integer> lengths,
      int columns,
      int worlds,
      TrainingConfig training,
      @OrElse("kept") Activations activations)
      implements ClipStage {
    /** Checks the sizes. */
    public DecoderStage {
      lengths = List.copyOf(lengths);
      ClipStage.check("decoder", pictures, lengths, columns, worlds);
    }
  }

  /**
   * Encoded videos.
   *
   * @param videos how many worlds, one clip each
   * @param latentFrames length of each clip, a multiple of 3; 4 a second
   * @param together how many are encoded at once
   * @param memories policies whose selection is the context, in {@code MemoryPolicies} notation
   * @param openings for each world, how many further videos' first chunks are learnt, the camera
   *     looking elsewhere in each; 0 for the first chunks of the videos themselves
   */
  public record FootageStage(
      int videos,
      int latentFrames,
      int together,
      List<String> memories,
      @OrElse("0") int openings) {
    /** Checks the sizes. */
    public FootageStage {
      memories = List.copyOf(memories);
      if (videos < 1 || together < 1 || latentFrames < 3 || latentFrames % 3 != 0) {
        throw new IllegalArgumentException(
            "footage needs at least 1 video and latent_frames of 3k, not "
                + videos
                + " and "
                + latentFrames);
      }
      if (openings < 0) {
        throw new IllegalArgumentException("footage.openings must be at least 0, not " + openings);
      }
      if (memories.isEmpty()) {
        throw new IllegalArgumentException("footage.memories must name at least one policy");
      }
      for (var memory : memories) {
        MemoryKey.check("memories", memory);
        MemoryPolicies.policy(memory);
      }
    }

    /**
     * Refuses what a curriculum cannot make batches of.
     *
     * @throws IllegalArgumentException with the remedy
     */
    void check(Curriculum curriculum) {
      int chunks = latentFrames / ModelConfig.CHUNK;
      curriculum.check(
          memories.stream()
              .map(MemoryPolicies::policy)
              // How alike frames are decides which are held, but not how many or where.
              .map(policy -> MemoryTrace.of(policy, (a, b) -> 1, chunks, ModelConfig.CHUNK))
              .toList());
    }

    /** With so few videos that they are made in a moment. */
    FootageStage few() {
      int few = Math.min(FEW_VIDEOS, videos);
      return new FootageStage(few, latentFrames, Math.min(few, together), memories, openings);
    }
  }

  /**
   * The transformer's stage.
   *
   * @param framesPerStep latent frames per batch, context included
   * @param first share of steps on the first chunk
   * @param filling share of steps while memory fills
   * @param forcing share of steps with teacher forcing
   * @param forcedFrames latent frames of a stretch in teacher forcing
   * @param returning share of the samples with full memory in which a view comes back, 0 to 1
   * @param arriving share of the samples with any memory in which something that the caption names
   *     comes into view, 0 to 1; the rest is drawn from all
   * @param objective noise levels and shares
   * @param training how the loop runs
   * @param activations whether the transformer's stay until the backward pass
   * @param samples what is generated on the way
   * @param from folder of a model of these sizes whose transformer and text encoder training begins
   *     with; empty for random weights
   */
  public record CausalStage(
      int framesPerStep,
      double first,
      double filling,
      double forcing,
      int forcedFrames,
      CausalObjective.Config objective,
      TrainingConfig training,
      @OrElse("kept") Activations activations,
      @OrElse("0") double returning,
      @OrElse("0") double arriving,
      @OrElse("{every: 0, seconds: 4, prompts: []}") SampleStage samples,
      @OrElse("''") String from) {

    /** Which weights it begins with. */
    CausalOrigin origin() {
      return new CausalOrigin(from);
    }

    /** What each step trains on. */
    public Curriculum curriculum() {
      return new Curriculum(
          training.seed(),
          framesPerStep,
          new Curriculum.Shares(first, filling, forcing, returning, arriving),
          forcedFrames);
    }
  }

  /**
   * Videos that are generated while the transformer is trained.
   *
   * @param every steps between them; 0 for none
   * @param seconds of each, above 0
   * @param prompts one video each; at least one where there are to be videos
   */
  public record SampleStage(long every, double seconds, List<String> prompts) {
    /** Checks the ranges. */
    public SampleStage {
      prompts = List.copyOf(prompts);
      if (every < 0 || !(seconds > 0)) {
        throw new IllegalArgumentException(
            "samples need every of at least 0 and seconds above 0, not "
                + every
                + " and "
                + seconds);
      }
      if (every > 0 && prompts.isEmpty()) {
        throw new IllegalArgumentException(
            "samples are to be made every " + every + " steps of no prompt; list some prompts");
      }
    }
  }
}
