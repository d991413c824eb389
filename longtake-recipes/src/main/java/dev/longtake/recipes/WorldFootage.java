package dev.longtake.recipes;

import dev.longtake.checkpoint.CheckpointSource;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.memory.FrameRange;
import dev.longtake.memory.KeySimilarity;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.nn.Weights;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.Pixels;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.text.TokenIds;
import dev.longtake.text.Tokenizer;
import dev.longtake.train.Footage;
import dev.longtake.train.MemoryTrace;
import dev.longtake.train.Prefetcher;
import dev.longtake.vae.EncodeState;
import dev.longtake.vae.WanVae;
import dev.longtake.world.Clip;
import dev.longtake.world.FrameSize;
import dev.longtake.world.Split;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** Films worlds and encodes the videos, many at once, piece by piece. */
final class WorldFootage {
  private static final int PIECE = 8; // latent frames encoded at once, after the first

  private final TrainingRun.FootageStage stage;
  private final FrameSize size;
  private final int pixelFrames;
  private final int rank;
  private final int devices;
  private final Map<Integer, dev.longtake.world.Footage> films = new ConcurrentHashMap<>();

  /**
   * The share of one device.
   *
   * @param rank which of the devices, from 0
   * @param devices how many share the videos, at most as many as there are
   */
  WorldFootage(TrainingRun.FootageStage stage, ModelConfig.VideoSize video, int rank, int devices) {
    this.stage = stage;
    this.rank = rank;
    this.devices = devices;
    size = new FrameSize(video.width(), video.height());
    pixelFrames = 1 + 4 * (stage.latentFrames() - 1);
  }

  /**
   * Which of a run's videos.
   *
   * @param rank which of the devices, from 0
   * @param devices how many share the videos
   */
  record Share(int rank, int devices) {}

  /**
   * Encodes a share with the autoencoder and the tokenizer of a model folder. The caller closes
   * what is returned.
   *
   * @param config of the model, with the latents' statistics
   * @param dtype of the arithmetic and the latents
   * @param progress hears how many latent frames of how many videos are done, as text
   */
  static Footage film(
      TrainingRun.FootageStage stage,
      Path folder,
      ModelConfig config,
      Share share,
      Dtype dtype,
      Device on,
      int threads,
      Consumer<String> progress) {
    try (var file = Safetensors.open(folder.resolve(VideoModel.VAE));
        var weights = Weights.from(new CheckpointSource(file, KeyMap.identity(), dtype, on));
        var vae = WanVae.of(config.vae(), weights);
        var tokenizer =
            Tokenizer.open(folder.resolve(VideoModel.TOKENIZER), config.transformer().textLen())) {
      return new WorldFootage(stage, config.video(), share.rank(), share.devices())
          .encode(vae, tokenizer, dtype, on, threads, progress);
    }
  }

  /**
   * Encodes every video of the share. The caller closes what is returned.
   *
   * @param progress hears how many latent frames of how many videos are done, as text
   */
  Footage encode(
      WanVae vae,
      Tokenizer tokenizer,
      Dtype dtype,
      Device device,
      int threads,
      Consumer<String> progress) {
    var clips =
        IntStream.range(0, stage.videos())
            .filter(i -> i % devices == rank)
            .mapToObj(i -> Clip.of(Split.TRAIN.seed(i), pixelFrames))
            .toList();
    var traces = clips.parallelStream().map(this::traces).toList();
    try (var scope = Scope.open()) {
      var tokens = tokenizer.encode(clips.stream().map(Clip::caption).toList()).to(device);
      var latents = encode(clips, vae, dtype, device, threads, progress);
      return new Footage(
          latents, new TokenIds(Scope.escape(tokens.ids()), Scope.escape(tokens.mask())), traces);
    }
  }

  private @Axes("N F C Y X") Tensor encode(
      List<Clip> clips,
      WanVae vae,
      Dtype dtype,
      Device device,
      int threads,
      Consumer<String> progress) {
    int pieces = 1 + (stage.latentFrames() - 1 + PIECE - 1) / PIECE;
    int groups = (clips.size() + stage.together() - 1) / stage.together();
    Tensor out;
    try (var scope = Scope.open()) {
      out =
          Scope.escape(
              Tensor.empty(
                  dtype,
                  device,
                  clips.size(),
                  stage.latentFrames(),
                  vae.config().zDim(),
                  size.height() / ModelConfig.PIXELS_PER_LATENT,
                  size.width() / ModelConfig.PIXELS_PER_LATENT));
    }
    try (var off = Gradients.off();
        var pictures =
            new Prefetcher<>(
                item -> piece(clips, (int) (item / pieces), (int) (item % pieces), groups),
                threads,
                threads + 2)) {
      for (int group = 0; group < groups; group++) {
        int first = group * stage.together();
        int count = Math.min(stage.together(), clips.size() - first);
        try (var state = EncodeState.start()) {
          for (int piece = 0; piece < pieces; piece++) {
            try (var scope = Scope.open()) {
              var range = latents(piece);
              var bytes = pictures.apply((long) group * pieces + piece);
              int frames = pixels(range).count();
              var rgb =
                  Tensor.ofBytes(bytes, Dtype.UINT8, count, frames, size.height(), size.width(), 3);
              var video = Pixels.toTensor(rgb, device).to(dtype);
              out.narrow(0, first, count)
                  .narrow(1, range.first(), range.count())
                  .copyFrom(vae.encode(video, state).permute(0, 2, 1, 3, 4));
            }
          }
        }
        films.keySet().removeIf(video -> video < first + count);
        progress.accept("encoded " + (first + count) + " of " + clips.size() + " videos");
      }
    }
    return out;
  }

  private FrameRange latents(int piece) {
    return piece == 0
        ? FrameRange.of(0)
        : new FrameRange(
            1 + (piece - 1) * PIECE, Math.min(stage.latentFrames(), 1 + piece * PIECE));
  }

  private static FrameRange pixels(FrameRange latents) {
    return latents.first() == 0
        ? FrameRange.of(0)
        : new FrameRange(1 + 4 * (latents.first() - 1), 1 + 4 * (latents.end() - 1));
  }

  private byte[] piece(List<Clip> clips, int group, int piece, int groups) {
    if (group >= groups) {
      return new byte[0]; // asked for ahead of the end
    }
    int first = group * stage.together();
    int last = Math.min(clips.size(), first + stage.together());
    var range = pixels(latents(piece));
    byte[] out = new byte[(last - first) * range.count() * size.bytes()];
    byte[] picture = new byte[size.bytes()];
    int at = 0;
    for (int video = first; video < last; video++) {
      var film = films.computeIfAbsent(video, v -> clips.get(v).film(size));
      for (int frame = range.first(); frame < range.end(); frame++) {
        film.frame(frame, picture);
        System.arraycopy(picture, 0, out, at, picture.length);
        at += picture.length;
      }
    }
    return out;
  }

  /** What each policy would hold, two views being as alike as their headings are near. */
  private List<MemoryTrace> traces(Clip clip) {
    KeySimilarity byHeading =
        (a, b) -> Math.cos(Math.toRadians(heading(clip, a) - heading(clip, b)));
    var traces = new ArrayList<MemoryTrace>();
    for (var spec : stage.memories()) {
      traces.add(
          MemoryTrace.of(
              MemoryPolicies.policy(spec),
              byHeading,
              stage.latentFrames() / ModelConfig.CHUNK,
              ModelConfig.CHUNK));
    }
    return traces;
  }

  /** The mean yaw of a range in degrees; the camera turns little within one. */
  private static double heading(Clip clip, FrameRange latents) {
    double sum = 0;
    for (int frame = latents.first(); frame < latents.end(); frame++) {
      sum += clip.path().yaw(Math.max(0, 4 * frame - 2));
    }
    return sum / latents.count();
  }
}
