package dev.longtake.teacher;

import dev.longtake.diffusion.FlowSchedule;
import dev.longtake.nn.AttentionSpan;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.train.Objective;
import dev.longtake.train.PromptDropout;
import dev.longtake.wan.WanTransformer;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Flow matching of a target given a long context, with the network's own past errors put into both
 * (error-recycling fine-tuning of Context Forcing, arXiv 2602.06028). Every frame sees every frame;
 * only the target's have loss.
 *
 * @param model the bidirectional transformer, of whatever weights are trained
 * @param batches frames and texts by number of the batch
 * @param exchange where errors are kept
 * @param rank which of the devices that share a step, from 0
 * @param seed of what is drawn on the processor
 * @param config how errors are put back
 * @param stored type of stored errors
 * @param dtype of the arithmetic
 */
public record RecyclingObjective(
    WanTransformer model,
    LongFunction<ContextBatch> batches,
    ErrorExchange exchange,
    int rank,
    long seed,
    Recycling config,
    Dtype stored,
    Dtype dtype)
    implements Objective {

  @Override
  public Loss at(long step, Rng rng) {
    try (var scope = Scope.open()) {
      var batch = batches.apply(step);
      var parts = batch.parts();
      var dice = new SplittableRandom(Rng.mix(seed, step, rank));
      var draws = Stream.generate(() -> config.draw(dice)).limit(batch.samples()).toList();
      var latents = batch.frames().latents();
      var noise =
          rng.normal(Dtype.FLOAT32, latents.narrow(2, parts.context(), parts.target()).shape());
      var table = FlowSchedule.training(config.shift());
      var banks = exchange.before(step, rank);

      var pass = RecycledPass.of(batch, draws, noise, banks, config, table, dice);
      var flow =
          model.forward(
              pass.input().to(dtype),
              pass.timesteps(),
              parts.positions(),
              model.read(
                  PromptDropout.apply(batch.frames().text(), config.promptDropout(), rng)
                      .to(dtype)),
              layer -> AttentionSpan.FULL,
              parts.target());
      exchange.offer(step, rank, pass.errors(flow, kept(draws, step), stored));

      var loss = pass.loss(flow);
      var plain = flow.detach().to(Dtype.FLOAT32).minus(pass.velocity()).square().mean();
      return new Loss(
          scope.keep(loss),
          Map.of("teacher/weighted", scope.keep(loss.detach()), "teacher/flow", scope.keep(plain)));
    }
  }

  /** The samples whose errors are kept. */
  private List<Integer> kept(List<Recycling.Draw> draws, long step) {
    boolean all = config.bookkeeping().keepsEveryCleanPass(exchange.warmingUp(step));
    return IntStream.range(0, draws.size())
        .filter(i -> all || !draws.get(i).clean() || draws.get(i).keptIfClean())
        .boxed()
        .toList();
  }
}
