package dev.longtake.recipes;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.data.CachedLatents;
import dev.longtake.data.CaptionedVideo;
import dev.longtake.data.ClipShape;
import dev.longtake.data.ClipSource;
import dev.longtake.data.Cursor;
import dev.longtake.data.EncodedClips;
import dev.longtake.data.LatentSource;
import dev.longtake.data.ShardFolder;
import dev.longtake.data.Skipped;
import dev.longtake.data.VideoClips;
import dev.longtake.media.Sampling;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import java.nio.file.Path;

/**
 * Opens what a run is trained on, once for each device that shares its steps.
 *
 * @param data what it is
 * @param model folder whose autoencoder and text encoder encode it
 * @param latentFrames of every clip, at least 1
 * @param shortest latent frames of clips of shorter videos, at most as many; of a folder only
 * @param each clips that a device takes at a step
 * @param seed of order and starts
 * @param place devices and threads
 * @param dtype of the encoders' arithmetic
 * @param skipped hears of videos that cannot be used
 */
record LatentSources(
    TrainingData data,
    Path model,
    int latentFrames,
    int shortest,
    int each,
    long seed,
    Workplace place,
    Dtype dtype,
    Skipped skipped) {

  /** With clips all of one length. */
  LatentSources(
      TrainingData data,
      Path model,
      int latentFrames,
      int each,
      long seed,
      Workplace place,
      Dtype dtype) {
    this(data, model, latentFrames, latentFrames, each, seed, place, dtype, new Skipped());
  }

  /**
   * The batches of one device.
   *
   * @param rank which, from 0
   * @throws IllegalArgumentException if no video can be used
   * @throws CheckpointException if a cache is damaged or of another model
   */
  LatentSource open(Device device, int rank) {
    return switch (data) {
      case TrainingData.World() -> encoded(new WorldSource(seed, shape(), each), device, rank);
      case TrainingData.Films(int worlds) -> filmed(worlds, device, rank);
      case TrainingData.Folder folder -> encoded(videos(folder), device, rank);
      case TrainingData.Cache(var folder) -> cached(folder, device, rank);
    };
  }

  /**
   * Looks at what there is without reading a video or a weight.
   *
   * @throws IllegalArgumentException if folder or table is missing or has no video, if a cache
   *     holds too short clips or those of another model, or if there are fewer worlds than devices
   * @throws CheckpointException if a cache is missing or damaged
   */
  void check() {
    switch (data) {
      case TrainingData.World() -> WorldSource.requireRate(shape());
      case TrainingData.Films films -> checkFilms(films);
      case TrainingData.Folder folder -> CaptionedVideo.list(folder.sources(), new Skipped());
      case TrainingData.Cache(var folder) -> fitting(folder).close();
    }
  }

  private void checkFilms(TrainingData.Films films) {
    WorldSource.requireRate(shape());
    int devices = place.devices().size();
    if (films.worlds() < devices) {
      throw new IllegalArgumentException(
          "data is '"
              + data.text()
              + "'; give at least "
              + devices
              + " worlds, one for each device");
    }
  }

  private ClipShape shape() {
    return shape(latentFrames);
  }

  private ClipShape shape(int frames) {
    var config = ModelConfig.read(model);
    var video = config.video();
    return new ClipShape(
        video.width(),
        video.height(),
        video.fps(),
        config.vae().pixelFrames(frames),
        Sampling.Between.NEAREST);
  }

  private ClipSource videos(TrainingData.Folder folder) {
    var clips = usable(folder);
    var cursor = new Cursor(seed, clips.size(), each, place.devices().size());
    return (step, rank) -> clips.batch(seed, cursor.at(step, rank), step);
  }

  /** What is skipped is listed also if nothing is left, or the run is ended. */
  private VideoClips usable(TrainingData.Folder folder) {
    try {
      var videos = CaptionedVideo.list(folder.sources(), skipped);
      return VideoClips.of(videos, shape(), shape(shortest).frames(), skipped);
    } finally {
      skipped.write(place.output());
    }
  }

  private LatentSource encoded(ClipSource clips, Device device, int rank) {
    var opened = Encoders.open(model, device, dtype);
    var ahead =
        place.prefetcher(
            step -> clips.at(step, rank), place.threadsEach() + 1, (long) each * shape().bytes());
    return new EncodedClips(
        ahead,
        opened.encoder(),
        () -> {
          ahead.close();
          opened.close();
        });
  }

  private LatentSource filmed(int worlds, Device device, int rank) {
    var share = new WorldFilms.Share(worlds, seed, each, place.devices().size(), rank);
    try (var opened = Encoders.open(model, device, dtype)) {
      return WorldFilms.of(share, shape(), opened.encoder(), place);
    }
  }

  private LatentSource cached(Path folder, Device device, int rank) {
    var shards = fitting(folder);
    var cursor = new Cursor(seed, shards.size(), each, place.devices().size());
    return new CachedLatents(shards, cursor, rank, latentFrames, device);
  }

  /** The shards of a cache that this run can be trained on; the caller closes them. */
  private ShardFolder fitting(Path folder) {
    var shards =
        ShardFolder.open(FolderKey.existing("data", folder.toString(), "longtake encode makes it"));
    try {
      var video = ModelConfig.read(model).video();
      require(shards, folder, EncodedWith.MODEL, EncodedWith.encoders(model));
      require(shards, folder, EncodedWith.SIZE, EncodedWith.size(video.width(), video.height()));
      int frames = Integer.parseInt(shards.fact(EncodedWith.FRAMES));
      if (frames < shape().frames()) {
        throw new IllegalArgumentException(
            folder
                + " holds clips of "
                + frames
                + " pictures, "
                + latentFrames
                + " latent frames need "
                + shape().frames()
                + "; encode longer clips or lower latent_frames");
      }
      return shards;
    } catch (RuntimeException | Error e) {
      shards.close();
      throw e;
    }
  }

  private static void require(ShardFolder shards, Path folder, String fact, String wanted) {
    if (!shards.fact(fact).equals(wanted)) {
      throw new IllegalArgumentException(
          folder
              + " was encoded for another "
              + fact
              + " ("
              + shards.fact(fact)
              + ", not "
              + wanted
              + "); encode the videos anew, into another folder");
    }
  }

  /** What is known of the data, for a manifest. */
  String description() {
    return skipped.count() == 0
        ? data.text()
        : data.text() + ", " + skipped.count() + " videos skipped";
  }

  /** Tells of the videos that were skipped, and lists them in the output folder. */
  void tellSkipped() {
    skipped.write(place.output());
    var first = skipped.lines().stream().findFirst();
    first.ifPresent(
        line -> {
          place.watcher().said("skipped " + skipped.count() + " videos, first " + line);
          place.watcher().ended("all are listed in " + place.output().resolve(Skipped.FILE));
        });
  }
}
