package dev.longtake.distill;

import dev.longtake.diffusion.FlowSchedule;
import dev.longtake.nn.Passage;
import dev.longtake.nn.Rotary;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.ContextTimestep;
import dev.longtake.wan.Prompt;
import dev.longtake.wan.WanConfig;
import dev.longtake.wan.WanTransformer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A teacher or a critic: a video model asked for the flow of a noisy window, given clean context.
 *
 * @param model the network
 * @param sight what kind of model it is
 * @param contextTimestep what it is told of the context
 * @param dtype of the arithmetic
 */
public record ScoreNetwork(
    WanTransformer model, Sight sight, ContextTimestep contextTimestep, Dtype dtype) {

  /** The same with the network's layers run by a passage. */
  ScoreNetwork through(Passage passage) {
    return new ScoreNetwork(model.through(passage), sight, contextTimestep, dtype);
  }

  /**
   * The flow of the scored frames, joined in order, FLOAT32, owned by the caller's scope.
   *
   * @param window the judged frames, noisy
   * @param sigma noise level of each video
   * @param excerpts the passes that see them all
   * @param prompt what this model read of the prompts
   */
  public @Axes("B C F Y X") Tensor flow(
      @Axes("B C F Y X") Tensor window,
      @Axes("B 1 1 1 1") Tensor sigma,
      List<Excerpt> excerpts,
      Prompt prompt) {
    try (var scope = Scope.open()) {
      return scope.keep(flow(window, sigma, excerpts, rotary(window, excerpts), prompt));
    }
  }

  /** The same of what was asked, whose prompts this model reads. */
  @Axes("B C F Y X")
  Tensor flow(Asked asked) {
    try (var scope = Scope.open()) {
      var prompt = model.read(asked.states());
      return scope.keep(
          flow(asked.window(), asked.sigma(), asked.excerpts(), asked.rotary(), prompt));
    }
  }

  /** The rotations of the longest pass: those of the others are its first. */
  Rotary rotary(@Axes("B C F Y X") Tensor window, List<Excerpt> excerpts) {
    int most = excerpts.stream().mapToInt(Excerpt::allFrames).max().orElse(0);
    int[] positions = IntStream.range(0, most).toArray();
    return model.rotary(positions, window.size(3), window.size(4), window.device());
  }

  private Tensor flow(
      Tensor window, Tensor sigma, List<Excerpt> excerpts, Rotary rotary, Prompt prompt) {
    try (var scope = Scope.open()) {
      var flows = new ArrayList<Tensor>();
      for (int i = 0; i < excerpts.size(); i += alike(excerpts, i)) {
        var parts = excerpts.subList(i, i + alike(excerpts, i));
        flows.addAll(flows(window, sigma, parts, rotary, prompt));
      }
      return scope.keep(Tensor.cat(flows, 2));
    }
  }

  /** How many passes from one on have the same sizes: they are made as one. */
  private static int alike(List<Excerpt> excerpts, int from) {
    var first = excerpts.get(from);
    int end = from + 1;
    while (end < excerpts.size() && first.isAsLargeAs(excerpts.get(end))) {
      end++;
    }
    return end - from;
  }

  /** Of passes of the same sizes, as one batch. */
  private List<Tensor> flows(
      Tensor window, Tensor sigma, List<Excerpt> parts, Rotary rotary, Prompt prompt) {
    try (var scope = Scope.open()) {
      var first = parts.getFirst();
      int count = parts.size();
      int context = first.contextFrames();
      long videos = window.size(0);
      var contexts = parts.stream().map(Excerpt::context).toList();
      var noisy =
          parts.stream().map(part -> window.narrow(2, part.first(), part.frames())).toList();
      var own = sigma.reshape(videos, 1).times(FlowSchedule.TIMESTEPS);
      var timesteps =
          contextTimestep.of(
              Tensor.cat(Collections.nCopies(count, own), 0), context, first.frames());
      var span = sight.span(context * patches(window));
      var flow =
          model.forward(
              Tensor.cat(List.of(Tensor.cat(contexts, 0), Tensor.cat(noisy, 0)), 2).to(dtype),
              timesteps,
              rotary.first(first.allFrames() * patches(window)),
              Prompt.cat(Collections.nCopies(count, prompt)),
              layer -> span,
              first.scored());
      return flow.to(Dtype.FLOAT32).chunk(count, 0).stream().map(scope::keep).toList();
    }
  }

  private static long patches(Tensor latents) {
    int side = WanConfig.PATCH;
    return latents.size(3) / side * (latents.size(4) / side);
  }
}
