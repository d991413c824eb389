package dev.longtake.recipes;

import dev.longtake.checkpoint.CheckpointSource;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.memory.KeySimilarity;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.nn.Weights;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.text.TokenIds;
import dev.longtake.text.Tokenizer;
import dev.longtake.train.Footage;
import dev.longtake.train.MemoryTrace;
import dev.longtake.vae.WanVae;
import dev.longtake.world.Clip;
import dev.longtake.world.FrameSize;
import dev.longtake.world.Split;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/** The world's videos that a transformer is trained on: one device's share of them, encoded. */
final class WorldFootage {
  private static final int TOGETHER = 4; // openings are short: so many times as many at once

  private final TrainingRun.FootageStage stage;
  private final FrameSize size;
  private final int pixelFrames;
  private final List<Integer> videos;

  private WorldFootage(TrainingRun.FootageStage stage, ModelConfig config, Share share) {
    this.stage = stage;
    size = new FrameSize(config.video().width(), config.video().height());
    pixelFrames = config.vae().pixelFrames(stage.latentFrames());
    videos =
        IntStream.range(0, stage.videos())
            .filter(i -> i % share.devices() == share.rank())
            .boxed()
            .toList();
  }

  /** What a share's whole videos show, in their order. */
  static List<Clip> clips(TrainingRun.FootageStage stage, ModelConfig config, Share share) {
    return new WorldFootage(stage, config, share).clips();
  }

  private List<Clip> clips() {
    return videos.stream().map(i -> Clip.of(Split.TRAIN.seed(i), pixelFrames)).toList();
  }

  /**
   * Which of a run's videos.
   *
   * @param rank which of the devices, from 0
   * @param devices how many share the videos, at most as many as there are
   */
  record Share(int rank, int devices) {

    /**
     * Refuses devices that would have no video.
     *
     * @param key that says how many videos there are
     * @throws IllegalArgumentException with the remedy
     */
    static void requireEach(String key, int videos, int devices) {
      if (videos < devices) {
        throw new IllegalArgumentException(
            key + " is " + videos + ", but each of " + devices + " devices needs one; give more");
      }
    }
  }

  /** What of the worlds is filmed. */
  enum What {
    /** The videos, from beginning to end, and what memory would hold. */
    WHOLE,
    /** The first chunks of further videos of the same worlds, short and long ones. */
    OPENINGS
  }

  /**
   * Encodes a share with the autoencoder and the tokenizer of a model folder. The caller closes
   * what is returned.
   *
   * @param config of the model, with the latents' statistics
   * @param dtype of the arithmetic and the latents
   * @param place whose threads film; the first device tells how it gets on
   * @throws java.util.concurrent.CancellationException if the run is told to leave off meanwhile
   */
  static Footage film(
      TrainingRun.FootageStage stage,
      Path folder,
      ModelConfig config,
      Share share,
      What what,
      Dtype dtype,
      Device on,
      Workplace place) {
    try (var file = Safetensors.open(folder.resolve(VideoModel.VAE));
        var weights = Weights.from(new CheckpointSource(file, KeyMap.identity(), dtype, on));
        var vae = WanVae.of(config.vae(), weights);
        var tokenizer =
            Tokenizer.open(folder.resolve(VideoModel.TOKENIZER), config.transformer().textLen())) {
      var footage = new WorldFootage(stage, config, share);
      var studio =
          new Studio(WorldEncoder.Studio.of(vae, dtype, on, place, share.rank()), tokenizer);
      return switch (what) {
        case WHOLE -> footage.whole(studio);
        case OPENINGS -> footage.openings(studio);
      };
    }
  }

  /**
   * How the videos are encoded, and their captions read.
   *
   * @param pictures encodes videos
   * @param tokenizer of the captions
   */
  private record Studio(WorldEncoder.Studio pictures, Tokenizer tokenizer) {}

  private Footage whole(Studio studio) {
    var clips = clips();
    return footage(
        clips,
        stage.latentFrames(),
        stage.together(),
        clips.parallelStream().map(this::traces).toList(),
        studio);
  }

  private Footage openings(Studio studio) {
    var clips =
        videos.stream()
            .flatMap(i -> IntStream.range(0, stage.openings()).mapToObj(take -> opening(i, take)))
            .toList();
    var untraced = clips.stream().map(clip -> List.<MemoryTrace>of()).toList();
    return footage(clips, ModelConfig.CHUNK, TOGETHER * stage.together(), untraced, studio);
  }

  /**
   * The beginning of a clip whose caption tells of all of it: of little in a world's first opening,
   * which it shows, up to as much as a whole video's, of which it shows one object or none.
   */
  private Clip opening(int video, int take) {
    long path = Split.TRAIN.seed(stage.videos() + video * stage.openings() + take);
    int told = pixelFrames * (take + 1) / stage.openings();
    return Clip.of(Split.TRAIN.seed(video), path, Math.max(told, ModelConfig.FIRST_CHUNK_PICTURES));
  }

  private Footage footage(
      List<Clip> clips,
      int latentFrames,
      int together,
      List<List<MemoryTrace>> traces,
      Studio studio) {
    try (var scope = Scope.open()) {
      var captions = clips.stream().map(Clip::caption).toList();
      var tokens = studio.tokenizer().encode(captions).to(studio.pictures().device());
      var latents = new WorldEncoder(clips, latentFrames, together, size).encode(studio.pictures());
      return new Footage(
          latents, new TokenIds(Scope.escape(tokens.ids()), Scope.escape(tokens.mask())), traces);
    }
  }

  /** What each policy would hold, two views being as alike as their headings are near. */
  private List<MemoryTrace> traces(Clip clip) {
    var comingBack = new ComingBack(clip.path());
    var arriving = Arriving.in(clip);
    KeySimilarity byHeading =
        (a, b) -> Math.cos(Math.toRadians(comingBack.heading(a) - comingBack.heading(b)));
    return stage.memories().stream()
        .map(
            spec ->
                MemoryTrace.of(
                    MemoryPolicies.policy(spec),
                    byHeading,
                    comingBack,
                    arriving,
                    stage.latentFrames() / ModelConfig.CHUNK,
                    ModelConfig.CHUNK))
        .toList();
  }
}
