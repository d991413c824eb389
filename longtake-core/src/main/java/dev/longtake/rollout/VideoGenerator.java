package dev.longtake.rollout;

import static dev.longtake.rollout.ModelConfig.CHUNK;
import static dev.longtake.rollout.ModelConfig.CHUNK_PICTURES;
import static dev.longtake.rollout.ModelConfig.FIRST_CHUNK_PICTURES;

import dev.longtake.memory.Held;
import dev.longtake.memory.Plan;
import dev.longtake.memory.RollingWindow;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.vae.EncodeState;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/**
 * A video that is made as it is asked for, chunk by chunk, from a prompt or as the continuation of
 * given frames.
 *
 * <p>The first chunk of a new video is 9 pictures, every other 12. Randomness is drawn on the
 * processor from seed and chunk number, so a seed means the same video on every device up to
 * rounding.
 *
 * <p>With {@link Overlap#ON} a chunk is decoded while the next one is denoised: {@link #begin} as
 * often as chunks are wanted, each time looking at the pictures of the one before. Confined to one
 * thread; the decoder's thread is this object's own affair.
 */
public final class VideoGenerator implements AutoCloseable {
  private final VideoModel model;
  private final VideoRequest request;
  private final Conditions conditions;
  private final Rollout rollout;
  private final ChunkDecoder decoder;
  private ChunkWatch watch = ChunkWatch.NONE;
  private PromptSchedule schedule;
  private PromptSwitch onSwitch = PromptSwitch.KEEP;
  private int chunks;
  private int last = Integer.MAX_VALUE; // number of the last chunk, where that is known
  private long frames;

  private VideoGenerator(VideoModel model, VideoRequest request, Overlap overlap, Replay replay) {
    this.model = model;
    this.request = request;
    request.sampling().requireFor(request.memory());
    schedule = PromptSchedule.of(request.prompt());
    conditions = Conditions.read(model, request.prompt());
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
    if (replay == Replay.ON) {
      rollout.replayPasses();
    }
    decoder = new ChunkDecoder(model, overlap);
  }

  /** {@link #start(VideoModel, VideoRequest, Overlap)} without overlap. */
  public static VideoGenerator start(VideoModel model, VideoRequest request) {
    return start(model, request, Overlap.OFF);
  }

  /** {@link #start(VideoModel, VideoRequest, Overlap, Replay)} without replay. */
  public static VideoGenerator start(VideoModel model, VideoRequest request, Overlap overlap) {
    return start(model, request, overlap, Replay.OFF);
  }

  /**
   * Begins a video.
   *
   * @throws IllegalArgumentException if the prompt is empty or too long, if the memory cannot be
   *     used with the request's sampling, or if passes are to be replayed and the model is on no
   *     GPU
   * @throws IllegalStateException if passes are to be replayed and each layer holds its own memory
   */
  public static VideoGenerator start(
      VideoModel model, VideoRequest request, Overlap overlap, Replay replay) {
    return new VideoGenerator(model, request, overlap, replay);
  }

  /** Tells of every part of the chunks that are made from now on. */
  public void watchedBy(ChunkWatch other) {
    watch = other;
    rollout.watchedBy(other);
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
      conditions.change(prompts.first());
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
    conditions.change(next);
  }

  /**
   * Says how long the video will be. Only {@link RollingWindow} cares, which otherwise begins
   * chunks that nobody asks for; the last ones are then made as if the video went on.
   *
   * @param pictures from the first chunk to the end of the last; given ones do not count
   * @throws IllegalArgumentException if there are none
   * @throws IllegalStateException after the first chunk
   */
  public void lasting(long pictures) {
    if (chunks > 0) {
      throw new IllegalStateException(
          "how long a video is can be said before the first chunk only");
    }
    if (pictures < 1) {
      throw new IllegalArgumentException("a video has at least 1 picture, not " + pictures);
    }
    long more = Math.max(0, pictures - nextPictures());
    last = Math.toIntExact(Math.ceilDiv(more, CHUNK_PICTURES));
  }

  /** How many pictures the chunks begun so far have; given ones do not count. */
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
   * {@code 9 + 12·⌊(n − 9)/12⌋} are used. They are taken and remembered chunk by chunk, so that a
   * long video needs no more memory than a short one.
   *
   * @param given interleaved RGB bytes at the model's size and frame rate, at least 9 pictures
   * @return how many were used
   * @throws IllegalArgumentException if there are fewer, or one has another size; whole chunks
   *     before that one are remembered
   */
  public long continueFrom(Iterable<byte[]> given) {
    if (chunks > 0 || rollout.frames() > 0) {
      throw new IllegalStateException("a video can only be continued before the first chunk");
    }
    long used = 0;
    var chunk = new ArrayList<byte[]>();
    try (var encoding = EncodeState.start()) {
      for (var picture : given) {
        checkSize(picture, used + chunk.size());
        chunk.add(picture);
        if (chunk.size() == nextPictures()) {
          used += chunk.size();
          try (var scope = Scope.open()) {
            remember(encode(chunk, encoding));
          }
          chunk.clear();
        }
      }
    }
    if (used == 0) {
      throw new IllegalArgumentException(
          "a video to be continued needs at least "
              + FIRST_CHUNK_PICTURES
              + " frames, not "
              + chunk.size());
    }
    return used;
  }

  /** How many pictures the next chunk has. */
  private int nextPictures() {
    return rollout.frames() == 0 ? FIRST_CHUNK_PICTURES : CHUNK_PICTURES;
  }

  private void checkSize(byte[] picture, long number) {
    var size = model.config().video();
    int bytes = size.width() * size.height() * 3;
    if (picture.length != bytes) {
      throw new IllegalArgumentException(
          "picture "
              + number
              + " has "
              + picture.length
              + " bytes, "
              + size.width()
              + " x "
              + size.height()
              + " pixels have "
              + bytes);
    }
  }

  /**
   * Remembers clean latents and passes them through the decoder, whose pictures are dropped, so
   * that the next chunk follows on without a seam.
   */
  public void remember(@Axes("1 C F Y X") Tensor latents) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      rollout.remember(latents, conditions.prompt());
      decoder.decode(latents, ChunkWatch.NONE);
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
    return Awaited.result(begin());
  }

  /**
   * Generates and remembers the next chunk. With {@link Overlap#ON} its pictures are made while the
   * caller goes on, and those of the chunk before are made on return; without, these are too.
   *
   * @return the pictures, once they are made
   * @throws RuntimeException also that of an earlier chunk, if it could not be decoded
   */
  public CompletableFuture<VideoChunk> begin() {
    decoder.requireWhole();
    long begun = System.nanoTime();
    duePrompt().ifPresent(next -> switchTo(next, onSwitch));
    int index = chunks;
    long firstFrame = frames;
    int pictures = nextPictures();
    var size = model.config().video();
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var latents = denoised();
      double seconds = (System.nanoTime() - begun) / 1e9;
      var decoded = decoder.decode(latents, watch);
      chunks++;
      frames += pictures;
      return decoded.thenApply(
          made ->
              new VideoChunk(
                  index,
                  firstFrame,
                  size.width(),
                  size.height(),
                  made.pictures(),
                  seconds,
                  made.seconds()));
    }
  }

  /**
   * The prompt that takes over now. Chunks that are denoised together share one: it changes as the
   * chunk that it is meant for is begun. Those that the first chunk began are told at the second.
   */
  private Optional<String> duePrompt() {
    if (chunks == 0) {
      return Optional.empty();
    }
    boolean together = request.memory() instanceof RollingWindow;
    int newest = chunks + (together ? request.sampling().steps() - 1 : 0);
    return IntStream.rangeClosed(chunks == 1 ? 1 : newest, newest)
        .mapToObj(schedule::startingAt)
        .flatMap(Optional::stream)
        .reduce((earlier, later) -> later);
  }

  private @Axes("1 C F Y X") Tensor denoised() {
    return request.memory() instanceof RollingWindow ? rolled() : alone();
  }

  /** The chunk of that number has the same noise as if it were made by itself. */
  private @Axes("1 C F Y X") Tensor rolled() {
    try (var scope = Scope.open()) {
      var latents =
          rollout.roll(
              conditions.prompt(),
              request.sampling().jumps(),
              CHUNK,
              Math.max(0, last - chunks),
              number -> ChunkNoise.of(Rng.seeded(Device.CPU, request.seed(), number)));
      model.device().synchronize();
      return scope.keep(latents);
    }
  }

  private @Axes("1 C F Y X") Tensor alone() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(Device.CPU, request.seed(), chunks)) {
      var config = model.config();
      var noise =
          rng.normal(
              Dtype.FLOAT32,
              1,
              config.transformer().inDim(),
              CHUNK,
              config.video().latentRows(),
              config.video().latentColumns());
      var sampling = request.sampling();
      var latents =
          rollout.next(
              conditions.prompt(),
              conditions.unprompted(),
              sampling.guidance(),
              sampling.sampler(),
              noise,
              rng);
      model.device().synchronize();
      return scope.keep(latents);
    }
  }

  /** Waits for pictures that are being made; nobody gets to see those. */
  @Override
  public void close() {
    decoder.close();
    rollout.close();
    conditions.close();
  }
}
