package dev.longtake.teacher;

import dev.longtake.rollout.ModelConfig.Sampling;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.ContextTimestep;
import dev.longtake.wan.Prompt;
import java.util.Map;
import java.util.TreeMap;

/**
 * A video that a teacher continues, a window of target frames at a time, each from the layout's
 * choice of the frames before it. Frames that no later window can see are forgotten, so nothing
 * grows with the length of the video. Confined to one thread.
 */
public final class TeacherContinuation implements AutoCloseable {
  private final ContextTeacher teacher;
  private final Device device;
  private final ContextLayout layout;
  private final Sampling sampling;
  private final long seed;
  private final Prompt prompt;
  private final Prompt empty;
  private final Map<Integer, Tensor> past = new TreeMap<>(); // by frame
  private int frames;
  private int windows;

  /**
   * Before the first frame.
   *
   * @param model a model folder whose transformer is a context teacher
   * @param layout as it was trained with
   * @param contextTimestep as it was trained with
   * @param text the prompt
   * @param sampling such as {@link ContextTeacher#SAMPLING}
   * @param seed of the noise
   * @throws IllegalArgumentException if the prompt is empty or too long
   */
  public TeacherContinuation(
      VideoModel model,
      ContextLayout layout,
      ContextTimestep contextTimestep,
      String text,
      Sampling sampling,
      long seed) {
    this.layout = layout;
    this.sampling = sampling;
    this.seed = seed;
    device = model.device();
    teacher = new ContextTeacher(model.transformer(), contextTimestep, model.dtype());
    model.tokenizer().check(text);
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var states = model.text().encode(text);
      prompt = model.transformer().read(states).escape();
      empty = model.transformer().read(states.times(0)).escape();
    }
  }

  /** How many latent frames there are so far. */
  public int frames() {
    return frames;
  }

  /** Takes given latents as if they had just been generated. */
  public void remember(@Axes("1 C F Y X") Tensor clean) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var here = clean.to(device).to(Dtype.FLOAT32);
      for (int i = 0; i < clean.size(2); i++) {
        past.put(frames++, Scope.escape(here.narrow(2, i, 1).copy()));
      }
    }
    forget();
  }

  private void forget() {
    past.entrySet()
        .removeIf(
            entry -> {
              boolean gone = !layout.mayStillSee(entry.getKey(), frames);
              if (gone) {
                entry.getValue().close();
              }
              return gone;
            });
  }

  /**
   * Generates the next window and remembers it.
   *
   * @return clean latents, FLOAT32, owned by the caller's scope
   * @throws IllegalArgumentException if there are too few frames to continue from
   */
  public @Axes("1 C T Y X") Tensor next() {
    var placement = layout.at(frames);
    try (var scope = Scope.open();
        var rng = Rng.seeded(Device.CPU, seed, windows++)) {
      var context = Tensor.cat(placement.context().stream().map(past::get).toList(), 2);
      long[] shape = context.shape();
      shape[2] = layout.target();
      var window =
          teacher.generate(
              context,
              placement.parts(),
              prompt,
              empty,
              sampling.guidance(),
              sampling.sampler(),
              rng.normal(Dtype.FLOAT32, shape).to(device),
              rng);
      remember(window);
      return scope.keep(window);
    }
  }

  @Override
  public void close() {
    past.values().forEach(Tensor::close);
    past.clear();
    prompt.close();
    empty.close();
  }
}
