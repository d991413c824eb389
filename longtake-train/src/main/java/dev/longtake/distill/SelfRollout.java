package dev.longtake.distill;

import dev.longtake.diffusion.FewStepSampler;
import dev.longtake.diffusion.FlowSchedule;
import dev.longtake.memory.MemoryPolicy;
import dev.longtake.memory.Plan;
import dev.longtake.rollout.ChunkPasses;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.PromptSwitch;
import dev.longtake.rollout.Recall;
import dev.longtake.rollout.Rollout;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.wan.Prompt;
import dev.longtake.wan.WanTransformer;
import java.util.ArrayList;
import java.util.List;

/**
 * The generator's own videos, made as they are made when it is used: chunk by chunk through its
 * memory, with cached keys (spec, I.3).
 *
 * @param generator the causal student
 * @param memory what it may look back at
 * @param sampler its few steps
 * @param rows latent rows
 * @param columns latent columns
 * @param cleanContext which chunks before the judged ones get all steps
 * @param contextFrames latent frames of the context window, for {@link CleanContext#WINDOW}
 * @param contextNoise σ of noise on what the clean pass is given, 0 to below 1; generation has 0
 * @param onSwitch what memory does where the prompt changes
 * @param dtype of the arithmetic
 */
public record SelfRollout(
    WanTransformer generator,
    MemoryPolicy memory,
    FewStepSampler sampler,
    int rows,
    int columns,
    CleanContext cleanContext,
    int contextFrames,
    double contextNoise,
    PromptSwitch onSwitch,
    Dtype dtype) {
  private static final int CHUNK = ModelConfig.CHUNK;

  /** Checks the context's noise. */
  public SelfRollout {
    if (!(contextNoise >= 0 && contextNoise < 1)) {
      throw new IllegalArgumentException(
          "context_noise must be in [0, 1), not " + contextNoise + "; generation has 0");
    }
  }

  /** What becomes of the gradients of judged chunks. */
  private interface Exit {
    Tensor of(ChunkPasses passes, Tensor noisy, int pass, Shot shot, int chunk);
  }

  /** Videos without gradients. */
  public Rolled withoutGradient(RolloutDraw draw, List<Shot> shots, int judgedFrom, Rng rng) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var read = read(shots);
      return roll(
              draw,
              shots,
              judgedFrom,
              rng,
              (passes, noisy, pass, shot, chunk) ->
                  sampler.jump(pass, passes.under(read.get(shots.indexOf(shot))), noisy),
              new ArrayList<>())
          .keptBy(scope);
    }
  }

  /**
   * Videos whose judged latents carry the graph of their exit passes ({@link
   * ExitGradient#RECORDED}).
   *
   * @param shots prompts in order, the first from frame 0
   * @param judgedFrom first latent frame that may receive gradient, a multiple of 3
   * @param rng on the generator's device
   */
  public Rolled recorded(RolloutDraw draw, List<Shot> shots, int judgedFrom, Rng rng) {
    try (var scope = Scope.open()) {
      var read = read(shots);
      return roll(
              draw,
              shots,
              judgedFrom,
              rng,
              (passes, noisy, pass, shot, chunk) -> {
                try (var on = Gradients.on()) {
                  return sampler.jump(pass, passes.under(read.get(shots.indexOf(shot))), noisy);
                }
              },
              new ArrayList<>())
          .keptBy(scope);
    }
  }

  /**
   * The same videos without a graph, and what is needed to make their exit passes again ({@link
   * ExitGradient#REPLAYED}); {@link Rolled#backward} does.
   */
  public Rolled replayable(RolloutDraw draw, List<Shot> shots, int judgedFrom, Rng rng) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var read = read(shots);
      var exits = new ArrayList<ExitPass>();
      return roll(
              draw,
              shots,
              judgedFrom,
              rng,
              (passes, noisy, pass, shot, chunk) -> {
                exits.add(
                    new ExitPass(
                        this,
                        chunk,
                        pass,
                        Scope.escape(noisy.copy()),
                        Scope.escape(shot.states().copy()),
                        passes.keep()));
                return sampler.jump(pass, passes.under(read.get(shots.indexOf(shot))), noisy);
              },
              exits)
          .keptBy(scope);
    }
  }

  private List<Prompt> read(List<Shot> shots) {
    return shots.stream().map(shot -> generator.read(shot.states())).toList();
  }

  private Rolled roll(
      RolloutDraw draw,
      List<Shot> shots,
      int judgedFrom,
      Rng rng,
      Exit exit,
      List<ExitPass> exits) {
    int videos = Math.toIntExact(shots.getFirst().states().size(0));
    var device = rng.device();
    try (var scope = Scope.open();
        var rollout =
            Rollout.ofBatch(
                videos, generator, memory, Recall.CACHED, rows, columns, dtype, device)) {
      var latents = new ArrayList<Tensor>();
      var plans = new ArrayList<List<Plan>>();
      var shot = shots.getFirst();
      try (var unrecorded = Gradients.off()) {
        var prompt = generator.read(shot.states());
        for (int chunk = 0; chunk < draw.chunks(); chunk++) {
          int frame = chunk * CHUNK;
          for (var next : shots.subList(1, shots.size())) {
            if (next.frame() == frame) {
              shot = next;
              prompt = generator.read(next.states());
              rollout.onSwitch(onSwitch);
            }
          }
          plans.add(rollout.plans(CHUNK));
          boolean judged = frame >= judgedFrom;
          int pass =
              cleanContext.holds(frame, judgedFrom, contextFrames)
                  ? sampler.steps() - 1
                  : draw.exit();
          var noise = noise(videos, device, rng);
          var now = shot;
          var under = prompt;
          int number = chunk;
          latents.add(
              rollout.next(
                  prompt,
                  CHUNK,
                  passes -> {
                    var noisy = sampler.before(pass, passes.under(under), noise, rng);
                    return judged
                        ? exit.of(passes, noisy, pass, now, number)
                        : sampler.jump(pass, passes.under(under), noisy);
                  },
                  clean -> disturbed(clean, rng)));
        }
      }
      return new Rolled(Tensor.cat(latents, 2), plans, judgedFrom, exits).keptBy(scope);
    }
  }

  private @Axes("B C F Y X") Tensor noise(int videos, Device device, Rng rng) {
    int channels = generator.config().inDim();
    return rng.normal(Dtype.FLOAT32, videos, channels, CHUNK, rows, columns).to(device);
  }

  private Tensor disturbed(Tensor clean, Rng rng) {
    if (contextNoise == 0) {
      return clean;
    }
    try (var scope = Scope.open()) {
      var noise = rng.normal(Dtype.FLOAT32, clean.shape());
      var sigma = Tensor.full(contextNoise, Dtype.FLOAT32, clean.device());
      return scope.keep(FlowSchedule.addNoise(clean, noise, sigma));
    }
  }
}
