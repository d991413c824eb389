package dev.longtake.tensor;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Work that runs as it comes the first time, is recorded the second time, and is replayed from then
 * on: see {@link Graph}. What it is given is copied into memory of this class's own, so the
 * caller's tensors need not stay. Whatever the work writes to besides its result is written once in
 * every run, also in the one that is recorded.
 *
 * <p>Confined to one thread.
 */
public final class ReplayedWork implements Repeats, AutoCloseable {

  private record Size(Device device, Dtype dtype, List<Long> shape) {
    static Size of(Tensor tensor) {
      return new Size(
          tensor.device(), tensor.dtype(), Arrays.stream(tensor.shape()).boxed().toList());
    }

    Tensor empty() {
      return Tensor.empty(dtype, device, shape.stream().mapToLong(Long::longValue).toArray());
    }
  }

  private record Use(Object what, List<Size> given) {}

  /** A recording, and the tensors that it reads and ends in. */
  private record Known(List<Tensor> given, Tensor result, Recorder.Recording recording) {
    void take(List<Tensor> others) {
      for (int i = 0; i < given.size(); i++) {
        given.get(i).copyFrom(others.get(i));
      }
    }

    void close() {
      recording.close();
      given.forEach(Tensor::close);
      result.close();
    }
  }

  private final Recorder recorder;
  private final Map<Use, Size> met = new HashMap<>(); // to the sizes of results
  private final Map<Use, Known> known = new HashMap<>();

  /**
   * With nothing recorded, in another way than by graphs of a GPU.
   *
   * @param recorder closed with this
   */
  public ReplayedWork(Recorder recorder) {
    this.recorder = recorder;
  }

  /**
   * With nothing recorded.
   *
   * @throws IllegalArgumentException if the device is no GPU
   */
  public static ReplayedWork on(Device device) {
    return new ReplayedWork(Recorder.of(device));
  }

  @Override
  public boolean replaying() {
    return true;
  }

  @Override
  public Tensor run(Object use, List<Tensor> given, Function<List<Tensor>, Tensor> work) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var asked = new Use(use, given.stream().map(Size::of).toList());
      var size = met.get(asked);
      if (size == null) {
        var made = work.apply(given);
        met.put(asked, Size.of(made));
        return scope.keep(made);
      }
      var there = known.get(asked);
      if (there == null) {
        there = recorded(given, size, work);
        known.put(asked, there);
      } else {
        there.take(given);
        there.recording.replay();
      }
      return scope.keep(there.result.copy()); // the next replay writes to the same place
    }
  }

  private Known recorded(List<Tensor> given, Size size, Function<List<Tensor>, Tensor> work) {
    var own = given.stream().map(tensor -> Scope.escape(tensor.copy())).toList();
    var result = Scope.escape(size.empty());
    try {
      var recording = recorder.record(() -> result.copyFrom(work.apply(own)));
      return new Known(own, result, recording);
    } catch (RuntimeException | Error e) {
      own.forEach(Tensor::close);
      result.close();
      throw e;
    }
  }

  /** Frees every recording; nothing is run afterwards. */
  @Override
  public void close() {
    known.values().forEach(Known::close);
    known.clear();
    met.clear();
    recorder.close();
  }
}
