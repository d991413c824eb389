package dev.longtake.testkit;

import dev.longtake.tensor.Recorder;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** In place of graphs of a GPU: a replay calls the work again, and is counted. */
public final class Reruns implements Recorder {
  private final List<Integer> replays = new ArrayList<>();

  /** With nothing recorded. */
  public Reruns() {}

  @Override
  public Recording record(Supplier<Tensor> work) {
    var unused = work.get();
    int number = replays.size();
    replays.add(0);
    return new Recording() {
      @Override
      public Tensor replay() {
        replays.set(number, replays.get(number) + 1);
        return work.get();
      }

      @Override
      public void close() {}
    };
  }

  /** How often each recording was replayed, in the order in which they were made. */
  public List<Integer> replays() {
    return List.copyOf(replays);
  }

  /** Replays of all recordings together. */
  public int total() {
    return replays.stream().mapToInt(Integer::intValue).sum();
  }
}
