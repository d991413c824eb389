package dev.longtake.rollout;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.Rotary;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Graph;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.wan.Prompt;
import dev.longtake.wan.WanTransformer;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Denoising passes recorded once and replayed, on a GPU.
 *
 * <p>What a replay reads must stay where it was: latents, timesteps and rotations are copied into
 * memory of this pass's own; the prompt's keys stay for as long as the prompt; the remembered keys
 * and values stay for as long as the store's layout. A pass is recorded when a layout is met again,
 * so never while memory still fills; until then it runs as it is. Clean passes, which also write to
 * memory, are not recorded.
 */
final class CapturedPass implements AutoCloseable {

  /** Where everything is that changes from replay to replay. */
  private record Inputs(Tensor latents, Tensor timesteps, Tensor rotation) {
    static Inputs like(Tensor latents, Tensor timesteps, Tensor rotation) {
      return new Inputs(
          Scope.escape(latents.copy()),
          Scope.escape(timesteps.copy()),
          Scope.escape(rotation.copy()));
    }

    void close() {
      latents.close();
      timesteps.close();
      rotation.close();
    }
  }

  private final WanTransformer model;
  private final IntFunction<AttentionSpan> spans;
  private final Device device;
  private final Map<Prompt, Graph> graphs = new IdentityHashMap<>();
  private @Nullable Inputs inputs;
  private long layout = -1;
  private boolean stable;

  CapturedPass(WanTransformer model, IntFunction<AttentionSpan> spans, Device device) {
    this.model = model;
    this.spans = spans;
    this.device = device;
  }

  /** A chunk begins, over memory of that layout. */
  void begin(long memory) {
    stable = memory == layout;
    layout = memory;
    if (!stable) {
      forget();
    }
  }

  /** The flow of the chunk's frames, FLOAT32, owned by the caller's scope. */
  @Axes("B C F Y X")
  Tensor flow(
      @Axes("B C F Y X") Tensor latents,
      @Axes("B F") Tensor timesteps,
      Rotary rotary,
      Prompt prompt) {
    if (!stable) {
      return pass(latents, timesteps, rotary, prompt);
    }
    try (var scope = Scope.open()) {
      var own = inputs == null ? Inputs.like(latents, timesteps, rotary.rotation()) : inputs;
      inputs = own;
      own.latents.copyFrom(latents);
      own.timesteps.copyFrom(timesteps);
      own.rotation.copyFrom(rotary.rotation());
      var graph =
          graphs.computeIfAbsent(
              prompt,
              with ->
                  Graph.record(
                      device,
                      () -> pass(own.latents, own.timesteps, new Rotary(own.rotation), with)));
      return scope.keep(graph.replay().copy()); // the next replay writes to the same place
    }
  }

  private Tensor pass(Tensor latents, Tensor timesteps, Rotary rotary, Prompt prompt) {
    try (var scope = Scope.open()) {
      int frames = Math.toIntExact(latents.size(2));
      return scope.keep(
          model.forward(latents, timesteps, rotary, prompt, spans, frames).to(Dtype.FLOAT32));
    }
  }

  /** The prompt goes; what was recorded with it goes too. */
  void forget() {
    graphs.values().forEach(Graph::close);
    graphs.clear();
    if (inputs != null) {
      inputs.close();
      inputs = null;
    }
  }

  @Override
  public void close() {
    forget();
  }
}
