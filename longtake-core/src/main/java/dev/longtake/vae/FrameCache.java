package dev.longtake.vae;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The last one or two input frames of every causal layer: all that a video leaves behind, however
 * long it gets.
 *
 * <p>Slots are filled in the order in which layers run. A slot's tensor stays where it is and is
 * written anew by every pass: one made anew would lie among what comes and goes meanwhile, and
 * split it. Forks share slots until each gets its own with its next pass; what nobody has any more
 * is freed at once. A pass that fails half way leaves the slots of different moments, so nothing
 * can follow it.
 */
final class FrameCache implements Past, AutoCloseable {

  /** What must stay the same from call to call. */
  private record Stream(long batch, long rows, long columns, Dtype dtype, Device device) {
    static Stream of(Tensor x) {
      return new Stream(x.size(0), x.size(3), x.size(4), x.dtype(), x.device());
    }
  }

  private enum State {
    READY,
    RUNNING,
    FAILED,
    CLOSED
  }

  private final List<Tensor> slots = new ArrayList<>();
  private @Nullable Stream stream;
  private State state = State.READY;
  private boolean shared; // with a fork, so that nothing may be written to the slots
  private long frames;
  private int next;

  /** How many frames have passed. */
  long frames() {
    return frames;
  }

  /** Bytes held. */
  long bytes() {
    return slots.stream().mapToLong(slot -> slot.count() * slot.dtype().bytes()).sum();
  }

  /**
   * Runs a network over the next frames; nothing is recorded for differentiation.
   *
   * @param x [B, C, F, Y, X]; all but F as in earlier calls
   * @throws IllegalArgumentException if x does not continue the stream
   * @throws IllegalStateException if the stream was closed, or an earlier pass failed
   */
  Tensor pass(Tensor x, Function<Tensor, Tensor> network) {
    var now = Stream.of(x);
    if (state != State.READY) {
      throw new IllegalStateException(
          "nothing can follow: the stream is " + state + "; start the video again");
    }
    if (stream != null && !stream.equals(now)) {
      throw new IllegalArgumentException("a stream of " + stream + " cannot continue as " + now);
    }
    stream = now;
    state = State.RUNNING;
    next = 0;
    try (var off = Gradients.off()) {
      var out = network.apply(x);
      frames += x.size(2);
      shared = false;
      state = State.READY;
      return out;
    } finally {
      if (state == State.RUNNING) {
        state = State.FAILED;
      }
    }
  }

  /** A stream that goes on from here on its own; it shares this one's memory until both move on. */
  FrameCache fork() {
    if (state != State.READY) {
      throw new IllegalStateException("a stream that is " + state + " cannot be forked");
    }
    var fork = new FrameCache();
    fork.stream = stream;
    fork.frames = frames;
    fork.shared = true;
    shared = true;
    for (var slot : slots) {
      fork.slots.add(Scope.escape(slot.detach()));
    }
    return fork;
  }

  @Override
  public boolean atStart() {
    return frames == 0;
  }

  @Override
  public Tensor join(Tensor x, int frames) {
    try (var scope = Scope.open()) {
      var joined =
          atStart() ? Past.afterZeros(x, frames) : Tensor.cat(List.of(slots.get(next), x), 1);
      remember(joined, frames);
      return scope.keep(joined);
    }
  }

  @Override
  public Tensor joinMade(Tensor like, int frames, Consumer<Tensor> making) {
    try (var scope = Scope.open()) {
      var before = atStart() ? Optional.<Tensor>empty() : Optional.of(slots.get(next));
      var joined = Past.made(before, like, frames, making);
      remember(joined, frames);
      return scope.keep(joined);
    }
  }

  @Override
  public void remember(Tensor x, int frames) {
    try (var scope = Scope.open()) {
      var tail = x.narrow(1, x.size(1) - frames, frames);
      if (atStart()) {
        slots.add(own(tail));
      } else if (shared) {
        slots.set(next, own(tail)).close();
      } else {
        slots.get(next).copyFrom(tail);
      }
      next++;
    }
  }

  /** A copy, since a view would keep all around it alive. */
  private static Tensor own(Tensor tail) {
    return Scope.escape(tail.copy());
  }

  /** Of every layer, in the order in which they run. */
  List<Tensor> slots() {
    return List.copyOf(slots);
  }

  @Override
  public void close() {
    slots.forEach(Tensor::close);
    slots.clear();
    state = State.CLOSED;
  }
}
