package dev.longtake.recipes;

import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.OdeTeacher;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** Follows trajectories on one device, on a thread of its own with a teacher of its own. */
final class PairMaker implements AutoCloseable {

  /**
   * Pairs on the processor, of no scope; whoever takes them closes them.
   *
   * @param numbers which pairs
   * @param captions a prompt for each
   * @param states their trajectories
   * @param text states of the prompts, zero after each one's end
   */
  record Made(
      List<Integer> numbers,
      List<String> captions,
      @Axes("B S C F Y X") Tensor states,
      @Axes("B L E") Tensor text)
      implements AutoCloseable {
    @Override
    public void close() {
      states.close();
      text.close();
    }
  }

  private final OdePairsRun run;
  private final IntFunction<String> prompts;
  private final ExecutorService thread;
  private final Device device;
  private final Dtype type;
  private @Nullable VideoModel teacher; // of the maker's thread, opened when first asked

  /**
   * Opens nothing yet.
   *
   * @param prompts of each pair
   * @param type of the arithmetic
   */
  PairMaker(OdePairsRun run, IntFunction<String> prompts, Device device, Dtype type) {
    this.run = run;
    this.prompts = prompts;
    thread =
        Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("pairs-" + device).factory());
    this.device = device;
    this.type = type;
  }

  /** Begins to open the teacher, so that making does not begin with it. */
  CompletableFuture<Void> open() {
    return CompletableFuture.runAsync(this::teacher, thread);
  }

  /** Begins to make some. */
  CompletableFuture<Made> begin(List<Integer> numbers) {
    return CompletableFuture.supplyAsync(() -> made(teacher(), numbers), thread);
  }

  private VideoModel teacher() {
    var opened = teacher;
    if (opened == null) {
      opened = VideoModel.open(Path.of(run.from()), device, type);
      teacher = opened;
    }
    return opened;
  }

  private Made made(VideoModel model, List<Integer> numbers) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var captions = numbers.stream().map(prompts::apply).toList();
      var text = Tensor.cat(model.text().encode(captions), 0);
      var transformer = model.transformer();
      var states =
          new OdeTeacher(transformer, run.teacher(), run.grid(), run.guidance(), model.dtype())
              .trajectories(
                  noise(model, numbers),
                  transformer.read(text),
                  transformer.read(without(model, text)));
      var kept = states.to(model.dtype()).to(Device.CPU);
      return new Made(
          numbers, captions, Scope.escape(kept), Scope.escape(text.to(Device.CPU).detach()));
    }
  }

  /** What guidance compares with: the negative prompt, or no text, for each of the prompts. */
  private @Axes("B L E") Tensor without(VideoModel model, @Axes("B L E") Tensor text) {
    if (run.negativePrompt().isEmpty()) {
      return text.times(0);
    }
    try (var scope = Scope.open()) {
      return scope.keep(
          model.text().encode(run.negativePrompt()).expand(text.size(0), -1, -1).contiguous());
    }
  }

  /** Drawn on the processor, so that a seed means the same on every device. */
  private @Axes("B C F Y X") Tensor noise(VideoModel model, List<Integer> numbers) {
    var size = model.config().video();
    try (var scope = Scope.open()) {
      var each = new ArrayList<Tensor>();
      for (int number : numbers) {
        try (var rng = Rng.seeded(Device.CPU, run.seed(), number)) {
          each.add(
              rng.normal(
                  Dtype.FLOAT32,
                  model.config().transformer().inDim(),
                  run.latentFrames(),
                  size.latentRows(),
                  size.latentColumns()));
        }
      }
      return scope.keep(Tensor.stack(each, 0).to(model.device()));
    }
  }

  /** Finishes what was begun and frees the teacher. */
  @Override
  public void close() {
    thread.execute(
        () -> {
          if (teacher != null) {
            teacher.close();
          }
        });
    thread.close();
  }
}
