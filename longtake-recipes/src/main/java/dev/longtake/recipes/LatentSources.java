package dev.longtake.recipes;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.data.CachedLatents;
import dev.longtake.data.CaptionedVideo;
import dev.longtake.data.ClipEncoder;
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
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import java.nio.file.Path;

/**
 * Opens what a run is trained on, once for each device that shares its steps.
 *
 * @param data what it is
 * @param model folder whose autoencoder and text encoder encode it
 * @param latentFrames of every clip, at least 1
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
    int each,
    long seed,
    Workplace place,
    Dtype dtype,
    Skipped skipped) {

  /** Checks that there is something for every device. */
  LatentSources {
    int devices = place.devices().size();
    if (data instanceof TrainingData.Films(int worlds) && worlds < devices) {
      throw new IllegalArgumentException(
          "data is '"
              + data.text()
              + "'; give at least "
              + devices
              + " worlds, one for each device");
    }
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

  private ClipShape shape() {
    var video = ModelConfig.read(model).video();
    return new ClipShape(
        video.width(),
        video.height(),
        video.fps(),
        1 + ModelConfig.FRAMES_PER_LATENT * (latentFrames - 1),
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
      return VideoClips.of(CaptionedVideo.list(folder.sources(), skipped), shape(), skipped);
    } finally {
      skipped.write(place.output());
    }
  }

  private LatentSource encoded(ClipSource clips, Device device, int rank) {
    var opened = VideoModel.open(model, device, dtype);
    var ahead =
        place.prefetcher(
            step -> clips.at(step, rank), place.threadsEach() + 1, (long) each * shape().bytes());
    return new EncodedClips(
        ahead,
        new ClipEncoder(opened.vae(), opened.text(), dtype, device),
        () -> {
          ahead.close();
          opened.close();
        });
  }

  private LatentSource filmed(int worlds, Device device, int rank) {
    var share = new WorldFilms.Share(worlds, seed, each, place.devices().size(), rank);
    try (var encoders = VideoModel.open(model, device, dtype)) {
      return WorldFilms.of(share, shape(), encoders, place);
    }
  }

  private LatentSource cached(Path folder, Device device, int rank) {
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
      var cursor = new Cursor(seed, shards.size(), each, place.devices().size());
      return new CachedLatents(shards, cursor, rank, latentFrames, device);
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
