package dev.longtake.rollout;

import static dev.longtake.rollout.ModelConfig.CHUNK;

import dev.longtake.memory.Held;
import dev.longtake.memory.Plan;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.vae.DecodeState;
import dev.longtake.vae.EncodeState;
import dev.longtake.wan.Prompt;
import java.util.ArrayList;
import java.util.List;

/**
 * A video that is made as it is asked for, chunk by chunk, from a prompt or as the continuation of
 * given frames.
 *
 * <p>The first chunk of a new video is 9 pictures, every other 12. Randomness is drawn on the
 * processor from seed and chunk number, so a seed means the same video on every device up to
 * rounding. Confined to one thread.
 */
public final class VideoGenerator implements AutoCloseable {
  private final VideoModel model;
  private final VideoRequest request;
  private final Prompt empty;
  private final Rollout rollout;
  private final DecodeState decoding = DecodeState.start();
  private ChunkWatch watch = ChunkWatch.NONE;
  private Prompt prompt;
  private PromptSchedule schedule;
  private PromptSwitch onSwitch = PromptSwitch.KEEP;
  private int chunks;
  private long frames;

  private VideoGenerator(VideoModel model, VideoRequest request) {
    this.model = model;
    this.request = request;
    request.sampling().requireFor(request.memory());
    schedule = PromptSchedule.of(request.prompt());
    model.tokenizer().check(request.prompt());
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var states = model.text().encode(request.prompt());
      prompt = model.transformer().read(states).escape();
      empty = model.transformer().read(states.times(0)).escape();
    }
    var size = model.config().video();
    rollout =
        new Rollout(
            model.transformer(),
            request.memory(),
            model.config().recall(),
            size.latentRows(),
            size.latentColumns(),
            model.dtype(),
            model.device());
  }

  /**
   * Begins a video.
   *
   * @throws IllegalArgumentException if the prompt is empty or too long, or if the memory takes no
   *     guidance and there is some
   */
  public static VideoGenerator start(VideoModel model, VideoRequest request) {
    return new VideoGenerator(model, request);
  }

  /** Tells of every part of the chunks that {@link #next} makes from now on. */
  public void watchedBy(ChunkWatch other) {
    watch = other;
    rollout.watchedBy(other);
  }

  /**
   * From now on denoising passes are recorded once memory is full, and replayed as a whole.
   *
   * @throws IllegalArgumentException if the model is on no GPU
   * @throws IllegalStateException if each layer holds its own memory
   */
  public void replayPasses() {
    rollout.replayPasses();
  }

  /**
   * Changes prompts on the way. The schedule's first prompt takes the place of the request's, and
   * its chunks are counted from now on.
   *
   * @param how what memory does at each change
   * @throws IllegalArgumentException if a prompt is too long, or this memory cannot do that
   * @throws IllegalStateException after the first chunk
   */
  public void follow(PromptSchedule prompts, PromptSwitch how) {
    if (chunks > 0 || rollout.frames() > 0) {
      throw new IllegalStateException("a schedule can only be followed from the first chunk on");
    }
    prompts.shots().forEach(shot -> model.tokenizer().check(shot.prompt()));
    how.requireFor(request.memory());
    schedule = prompts;
    onSwitch = how;
    if (!prompts.first().equals(request.prompt())) {
      read(prompts.first());
    }
  }

  /**
   * Changes the prompt from the next chunk on.
   *
   * @param how what memory does about it
   * @throws IllegalArgumentException if the prompt is empty or too long, or this memory cannot do
   *     that; nothing changes then
   */
  public void switchTo(String next, PromptSwitch how) {
    model.tokenizer().check(next);
    rollout.onSwitch(how);
    read(next);
  }

  private void read(String next) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var before = prompt;
      prompt = model.transformer().read(model.text().encode(next)).escape();
      before.close();
    }
  }

  /** How many pictures were generated; given ones do not count. */
  public long frames() {
    return frames;
  }

  /** How much was generated, in seconds. */
  public double seconds() {
    return (double) frames / model.config().video().fps();
  }

  /**
   * What memory holds now.
   *
   * @throws IllegalStateException where each layer holds its own
   */
  public Held held() {
    return rollout.held();
  }

  /**
   * What the next chunk will attend to.
   *
   * @throws IllegalStateException where that is decided on the way
   */
  public Plan plan() {
    return rollout.plan(CHUNK);
  }

  /**
   * Takes given pictures as the beginning, which generation then continues. Of n pictures the first
   * {@code 1 + 12·⌊(n − 9)/12⌋ + 8} are used.
   *
   * @param given interleaved RGB bytes at the model's size and frame rate, at least 9 pictures
   * @return how many were used
   */
  public int continueFrom(List<byte[]> given) {
    if (chunks > 0 || rollout.frames() > 0) {
      throw new IllegalStateException("a video can only be continued before the first chunk");
    }
    int usable = given.size() < 9 ? 0 : (given.size() - 9) / 12 + 1;
    if (usable == 0) {
      throw new IllegalArgumentException(
          "a video to be continued needs at least 9 frames, not " + given.size());
    }
    int used = 9 + 12 * (usable - 1);
    checkSizes(given.subList(0, used));
    int at = 0;
    try (var encoding = EncodeState.start()) {
      for (int chunk = 0; chunk < usable; chunk++) {
        int count = chunk == 0 ? 9 : 12;
        try (var scope = Scope.open()) {
          remember(encode(given.subList(at, at + count), encoding));
        }
        at += count;
      }
    }
    return used;
  }

  private void checkSizes(List<byte[]> given) {
    var size = model.config().video();
    int bytes = size.width() * size.height() * 3;
    for (int i = 0; i < given.size(); i++) {
      if (given.get(i).length != bytes) {
        throw new IllegalArgumentException(
            "picture "
                + i
                + " has "
                + given.get(i).length
                + " bytes, "
                + size.width()
                + " x "
                + size.height()
                + " pixels have "
                + bytes);
      }
    }
  }

  /**
   * Remembers clean latents and passes them through the decoder, whose pictures are dropped, so
   * that the next chunk follows on without a seam.
   */
  public void remember(@Axes("1 C F Y X") Tensor latents) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      rollout.remember(latents, prompt);
      model.vae().decode(latents.to(model.dtype()), decoding);
    }
  }

  private Tensor encode(List<byte[]> given, EncodeState encoding) {
    var size = model.config().video();
    var parts = new ArrayList<Tensor>();
    // The first picture stands alone; then latents are made of four.
    int at = 0;
    while (at < given.size()) {
      int count = encoding.pixelFrames() == 0 ? 1 : 4;
      var video =
          Pixels.toTensor(
              given.subList(at, at + count), size.width(), size.height(), model.device());
      parts.add(model.vae().encode(video.to(model.dtype()), encoding).to(Dtype.FLOAT32));
      at += count;
    }
    return Tensor.cat(parts, 2);
  }

  /** Generates, remembers and decodes the next chunk. */
  public VideoChunk next() {
    long begun = System.nanoTime();
    if (chunks > 0) {
      schedule.startingAt(chunks).ifPresent(next -> switchTo(next, onSwitch));
    }
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(Device.CPU, request.seed(), chunks)) {
      var config = model.config();
      var size = config.video();
      var noise =
          rng.normal(
              Dtype.FLOAT32,
              1,
              config.transformer().inDim(),
              CHUNK,
              size.latentRows(),
              size.latentColumns());
      var sampling = request.sampling();
      var latents =
          rollout.next(prompt, empty, sampling.guidance(), sampling.sampler(), noise, rng);
      model.device().synchronize();
      long denoised = System.nanoTime();
      var video = model.vae().decode(latents.to(model.dtype()), decoding);
      var pictures = Pixels.toBytes(video, 0);
      watch.done(ChunkPart.DECODE);
      long decoded = System.nanoTime();
      var chunk =
          new VideoChunk(
              chunks,
              frames,
              size.width(),
              size.height(),
              pictures,
              (denoised - begun) / 1e9,
              (decoded - denoised) / 1e9);
      chunks++;
      frames += pictures.size();
      return chunk;
    }
  }

  @Override
  public void close() {
    rollout.close();
    decoding.close();
    prompt.close();
    empty.close();
  }
}
