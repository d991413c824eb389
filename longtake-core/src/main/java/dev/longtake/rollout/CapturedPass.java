package dev.longtake.rollout;

import dev.longtake.memory.KvStore;
import dev.longtake.nn.Rotary;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Recorder;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.wan.Prompt;
import dev.longtake.wan.WanTransformer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Passes of a chunk recorded once and replayed, on a GPU.
 *
 * <p>What a replay reads must stay where it was: latents, timesteps, rotations and prompts are
 * copied into memory of this class's own; the remembered keys and values stay for as long as the
 * store's layout is one that was met before. A pass is recorded when its layout is met again: in a
 * single video once memory is full, in videos made one after the other in the same memory from the
 * second on. Until then it runs as it is.
 */
final class CapturedPass implements AutoCloseable {

  private enum Kind {
    FLOW,
    CLEAN,
    RECALL
  }

  /**
   * What a recording is good for.
   *
   * @param frames of the pass
   * @param prompt number of the prompt among those of the video, by first use
   */
  private record Use(Kind kind, KvStore.Layout layout, long frames, int prompt) {}

  /** Where everything is that changes from replay to replay. */
  private record Inputs(Tensor latents, Tensor timesteps, Tensor rotation) {
    static Inputs like(Tensor latents, Tensor timesteps, Tensor rotation) {
      return new Inputs(
          Scope.escape(latents.copy()),
          Scope.escape(timesteps.copy()),
          Scope.escape(rotation.copy()));
    }

    void take(Tensor otherLatents, Tensor otherTimesteps, Tensor otherRotation) {
      latents.copyFrom(otherLatents);
      timesteps.copyFrom(otherTimesteps);
      rotation.copyFrom(otherRotation);
    }

    void close() {
      latents.close();
      timesteps.close();
      rotation.close();
    }
  }

  private final WanTransformer model;
  private final PlannedMemory memory;
  private final Recorder recorder;
  private final Map<Use, Recorder.Recording> recordings = new HashMap<>();
  private final Set<KvStore.Layout> met = new HashSet<>();
  private final Set<Use> recalled = new HashSet<>();
  private final List<Prompt> own = new ArrayList<>(); // prompts in memory of this class's own
  private final Map<Prompt, Integer> numbers =
      new IdentityHashMap<>(); // of those, by whose they are
  private final Map<Long, Inputs> inputs = new HashMap<>(); // by frames
  private KvStore.Layout layout = new KvStore.Layout(-1, 0);
  private boolean ready; // for replay of passes of the chunk in work

  /**
   * Nothing is recorded yet.
   *
   * @param recorder closed with this
   */
  CapturedPass(WanTransformer model, PlannedMemory memory, Recorder recorder) {
    this.model = model;
    this.memory = memory;
    this.recorder = recorder;
  }

  /** A chunk begins. */
  void begin() {
    look();
    ready = !met.add(layout);
  }

  /** Where memory is now. */
  private void look() {
    var now = memory.layout();
    if (now.windows() != layout.windows()) {
      forget();
    }
    layout = now;
  }

  /** Other prompts come, of the same sizes: they take the places of those before. */
  void changePrompts() {
    numbers.clear();
  }

  /** The flow of the chunk's frames, FLOAT32, owned by the caller's scope. */
  @Axes("B C F Y X")
  Tensor flow(
      @Axes("B C F Y X") Tensor latents,
      @Axes("B F") Tensor timesteps,
      Rotary rotary,
      Prompt prompt) {
    if (!ready) {
      return pass(latents, timesteps, rotary, prompt);
    }
    try (var scope = Scope.open()) {
      var in = taken(latents, timesteps, rotary);
      int number = number(prompt);
      var told = own.get(number);
      var made =
          recordings
              .computeIfAbsent(
                  new Use(Kind.FLOW, layout, latents.size(2), number),
                  use ->
                      recorder.record(
                          () -> pass(in.latents, in.timesteps, new Rotary(in.rotation), told)))
              .replay();
      return scope.keep(made.copy()); // the next replay writes to the same place
    }
  }

  private Tensor pass(Tensor latents, Tensor timesteps, Rotary rotary, Prompt prompt) {
    try (var scope = Scope.open()) {
      int frames = Math.toIntExact(latents.size(2));
      return scope.keep(
          model
              .forward(latents, timesteps, rotary, prompt, memory::layer, frames)
              .to(Dtype.FLOAT32));
    }
  }

  /** Leaves the clean chunk's keys and values in memory. */
  void leave(
      @Axes("B C F Y X") Tensor latents,
      @Axes("B F") Tensor timesteps,
      Rotary rotary,
      Prompt prompt) {
    if (ready) {
      var use = new Use(Kind.CLEAN, layout, latents.size(2), number(prompt));
      replay(use, latents, timesteps, rotary);
    } else {
      model.leave(latents, timesteps, rotary, prompt, memory::layer);
    }
  }

  /** Leaves the keys and values of all that memory is to hold, before a chunk begins. */
  void recall(
      @Axes("B C F Y X") Tensor latents,
      @Axes("B F") Tensor timesteps,
      Rotary rotary,
      Prompt prompt) {
    look();
    var use = new Use(Kind.RECALL, layout, latents.size(2), number(prompt));
    if (recalled.add(use)) {
      model.leave(latents, timesteps, rotary, prompt, memory::layer);
    } else {
      replay(use, latents, timesteps, rotary);
    }
  }

  private void replay(Use use, Tensor latents, Tensor timesteps, Rotary rotary) {
    try (var scope = Scope.open()) {
      var in = taken(latents, timesteps, rotary);
      var told = own.get(use.prompt);
      recordings
          .computeIfAbsent(
              use,
              fresh ->
                  recorder.record(
                      () -> {
                        var turning = new Rotary(in.rotation);
                        model.leave(in.latents, in.timesteps, turning, told, memory::layer);
                        return in.latents;
                      }))
          .replay();
      memory.replayed(rotary.rotation().size(0));
    }
  }

  private Inputs taken(Tensor latents, Tensor timesteps, Rotary rotary) {
    var there = inputs.get(latents.size(2));
    if (there == null) {
      there = Inputs.like(latents, timesteps, rotary.rotation());
      inputs.put(latents.size(2), there);
    } else {
      there.take(latents, timesteps, rotary.rotation());
    }
    return there;
  }

  /** Of a prompt, whose keys and values are in this class's own memory then. */
  private int number(Prompt prompt) {
    return numbers.computeIfAbsent(
        prompt,
        fresh -> {
          int number = numbers.size();
          if (number == own.size()) {
            own.add(fresh.copy().escape());
          } else {
            own.get(number).copyFrom(fresh);
          }
          return number;
        });
  }

  /** Memory was made anew; what was recorded with the old goes. */
  private void forget() {
    recordings.values().forEach(Recorder.Recording::close);
    recordings.clear();
    met.clear();
    recalled.clear();
  }

  @Override
  public void close() {
    forget();
    own.forEach(Prompt::close);
    inputs.values().forEach(Inputs::close);
    recorder.close();
  }
}
