package dev.longtake.distill;

import dev.longtake.diffusion.FewStepSampler;
import dev.longtake.diffusion.FlowSchedule;
import dev.longtake.memory.Plan;
import dev.longtake.nn.Passage;
import dev.longtake.rollout.ChunkPasses;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.PromptSwitch;
import dev.longtake.rollout.Rollout;
import dev.longtake.tensor.Axes;
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
 * memory (Self-Forcing, arXiv 2506.08009; Algorithm 1 of Context Forcing). They may go on from true
 * latents, which are remembered as those of generation are.
 *
 * @param generator the causal student
 * @param rollout of a batch of its videos, one batch after the other; the caller's to close
 * @param sampler its few steps
 * @param rows latent rows
 * @param columns latent columns
 * @param cleanContext which chunks before the judged ones get all steps
 * @param contextFrames latent frames of the context window, for {@link CleanContext#WINDOW}
 * @param contextNoise σ of noise on what the clean pass is given, 0 to below 1; generation has 0
 * @param onSwitch what memory does where the prompt changes
 * @param passage runs the generator's layers in passes with gradients
 * @param watch hears how turns go
 */
public record SelfRollout(
    WanTransformer generator,
    Rollout rollout,
    FewStepSampler sampler,
    int rows,
    int columns,
    CleanContext cleanContext,
    int contextFrames,
    double contextNoise,
    PromptSwitch onSwitch,
    Passage passage,
    TurnWatch watch) {
  private static final int CHUNK = ModelConfig.CHUNK;

  /** Checks the context's noise. */
  public SelfRollout {
    if (!(contextNoise >= 0 && contextNoise < 1)) {
      throw new IllegalArgumentException(
          "context_noise must be in [0, 1), not " + contextNoise + "; generation has 0");
    }
  }

  /** The same with the generator's layers run by a passage, where there are gradients. */
  SelfRollout through(Passage other) {
    return new SelfRollout(
        generator,
        rollout,
        sampler,
        rows,
        columns,
        cleanContext,
        contextFrames,
        contextNoise,
        onSwitch,
        other,
        watch);
  }

  /**
   * A chunk before its last pass.
   *
   * @param chunk number in the rollout
   * @param pass of the sampler, from 0
   * @param shot number of the prompt in force
   * @param prompt as the generator reads it, without gradients
   * @param passes over what memory holds
   * @param noisy what the pass starts from
   */
  private record Unfinished(
      int chunk, int pass, int shot, Prompt prompt, ChunkPasses passes, Tensor noisy) {}

  /** How judged chunks get their last pass. */
  private interface Exit {
    Tensor of(Unfinished chunk);
  }

  /** Videos without gradients. */
  public Rolled withoutGradient(Script script, int judgedFrom, Rng rng) {
    return roll(script, judgedFrom, rng, this::last, List.of());
  }

  /**
   * Videos whose judged latents carry the graph of their exit passes ({@link
   * ExitGradient#RECORDED}).
   *
   * @param judgedFrom first latent frame that may receive gradient, a multiple of 3, not given
   * @param rng on the generator's device
   */
  public Rolled recorded(Script script, int judgedFrom, Rng rng) {
    try (var scope = Scope.open()) {
      var live = read(script.shots());
      Exit exit =
          chunk -> {
            try (var on = Gradients.on()) {
              var network = chunk.passes().under(live.get(chunk.shot()), passage);
              return sampler.jump(chunk.pass(), network, chunk.noisy());
            }
          };
      return roll(script, judgedFrom, rng, exit, List.of()).keptBy(scope);
    }
  }

  /**
   * The same videos without a graph, and what is needed to make their exit passes again ({@link
   * ExitGradient#REPLAYED}); {@link Rolled#backward} does.
   */
  public Rolled replayable(Script script, int judgedFrom, Rng rng) {
    var exits = new ArrayList<ExitPass>();
    Exit exit =
        chunk -> {
          exits.add(
              new ExitPass(
                  this,
                  chunk.chunk(),
                  chunk.pass(),
                  Scope.escape(chunk.noisy().copy()),
                  Scope.escape(script.shots().get(chunk.shot()).states().copy()),
                  chunk.passes().keep()));
          return last(chunk);
        };
    try {
      return roll(script, judgedFrom, rng, exit, exits);
    } catch (RuntimeException | Error e) {
      exits.forEach(ExitPass::close);
      throw e;
    }
  }

  private Tensor last(Unfinished chunk) {
    return sampler.jump(chunk.pass(), chunk.passes().under(chunk.prompt()), chunk.noisy());
  }

  private List<Prompt> read(List<Shot> shots) {
    return shots.stream().map(shot -> generator.read(shot.states())).toList();
  }

  private Rolled roll(Script script, int judgedFrom, Rng rng, Exit exit, List<ExitPass> exits) {
    var draw = script.draw();
    var shots = script.shots();
    try (var scope = Scope.open()) {
      script.requireOwn(judgedFrom);
      rollout.restart();
      var latents = new ArrayList<Tensor>();
      var plans = new ArrayList<List<Plan>>();
      try (var off = Gradients.off()) {
        var prompts = read(shots);
        script.given().ifPresent(given -> remember(given, prompts.getFirst(), latents, plans, rng));
        int shot = 0;
        for (int chunk = plans.size(); chunk < draw.chunks(); chunk++) {
          int frame = chunk * CHUNK;
          if (shot + 1 < shots.size() && shots.get(shot + 1).frame() == frame) {
            shot++;
            rollout.onSwitch(onSwitch);
          }
          plans.add(rollout.plans(CHUNK));
          int number = chunk;
          int inForce = shot;
          int pass = lastPass(frame, judgedFrom, draw);
          var prompt = prompts.get(shot);
          var noise = noise(script.videos(), rng);
          latents.add(
              rollout.next(
                  prompt,
                  CHUNK,
                  passes -> {
                    var noisy = sampler.before(pass, passes.under(prompt), noise, rng);
                    var made = new Unfinished(number, pass, inForce, prompt, passes, noisy);
                    return frame < judgedFrom ? last(made) : exit.of(made);
                  },
                  clean -> disturbed(clean, rng)));
          watch.done(frame < judgedFrom ? TurnPart.PAST : TurnPart.JUDGED);
        }
      }
      rollout.restart(); // what it held is not needed while its videos are judged
      var whole = Tensor.cat(latents, 2);
      return new Rolled(whole, shown(script, whole), plans, judgedFrom, exits).keptBy(scope);
    }
  }

  private static Tensor shown(Script script, Tensor latents) {
    try (var off = Gradients.off()) {
      return script.given().map(given -> given.shownOf(latents)).orElseGet(latents::detach);
    }
  }

  /** Remembers what is given as if it had just been made. */
  private void remember(
      Given given, Prompt prompt, List<Tensor> latents, List<List<Plan>> plans, Rng rng) {
    for (int frame = 0; frame < given.frames(); frame += CHUNK) {
      plans.add(rollout.plans(CHUNK));
      latents.add(given.chunk(frame));
      rollout.remember(disturbed(latents.getLast(), rng), prompt);
      watch.done(TurnPart.PAST);
    }
  }

  private int lastPass(int frame, int judgedFrom, RolloutDraw draw) {
    return cleanContext.holds(frame, judgedFrom, contextFrames) ? sampler.steps() - 1 : draw.exit();
  }

  private @Axes("B C F Y X") Tensor noise(int videos, Rng rng) {
    return rng.normal(Dtype.FLOAT32, videos, generator.config().inDim(), CHUNK, rows, columns);
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
