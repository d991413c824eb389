package dev.longtake.recipes;

import dev.longtake.data.CachedLatents;
import dev.longtake.data.CaptionedVideo;
import dev.longtake.data.ClipBatch;
import dev.longtake.data.ClipEncoder;
import dev.longtake.data.ClipShape;
import dev.longtake.data.Damaged;
import dev.longtake.data.Fingerprint;
import dev.longtake.data.ShardWriter;
import dev.longtake.data.Skipped;
import dev.longtake.data.VideoClips;
import dev.longtake.media.Sampling;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.train.Prefetcher;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Encodes captioned videos into a cache of latents and text states. Started again, it goes on with
 * what the cache does not hold; what it holds is known by the video's file, its caption, the clip's
 * start, the model and the clips' shape.
 *
 * @param sources folders and tables of videos
 * @param model folder of the model whose autoencoder and text encoder are used
 * @param cache folder that is made or continued
 * @param frames pictures of a clip at the model's rate, 4k + 1
 * @param clips most clips of a video, one after the other from its start, at least 1
 * @param between what a moment between two stored pictures shows
 * @param damaged what to do about damaged shards
 * @param shardBytes bytes of a shard, above which the next begins, above 0
 */
public record EncodeVideos(
    List<Path> sources,
    Path model,
    Path cache,
    int frames,
    int clips,
    Sampling.Between between,
    Damaged damaged,
    long shardBytes) {
  /** Bytes of a shard unless told otherwise. */
  public static final long SHARD_BYTES = 256L << 20;

  private static final int TELL_EVERY = 20;

  /** Checks the numbers. */
  public EncodeVideos {
    sources = List.copyOf(sources);
    if (clips < 1 || frames < 1 || frames % 4 != 1 || shardBytes < 1) {
      throw new IllegalArgumentException(
          "encoding needs at least 1 clip a video and 4k + 1 frames a clip, not "
              + clips
              + " and "
              + frames);
    }
  }

  /**
   * What came of it.
   *
   * @param examples in the cache, all together
   * @param fresh encoded just now
   * @param skipped videos that could not be used
   */
  public record Outcome(int examples, int fresh, Skipped skipped) {}

  private record Piece(int video, int start, String key) {}

  /**
   * Encodes what is missing.
   *
   * @param dtype of arithmetic and cache
   * @param threads that decode, at least 1
   * @param said hears how it goes
   * @throws IllegalArgumentException if no video can be used, or the cache is another model's
   * @throws dev.longtake.checkpoint.CheckpointException if a shard or the model is damaged
   */
  public Outcome run(Device device, Dtype dtype, int threads, Consumer<String> said) {
    var video = ModelConfig.read(model).video();
    var shape = new ClipShape(video.width(), video.height(), video.fps(), frames, between);
    var facts = EncodedWith.facts(model, shape, dtype);
    var skipped = new Skipped();
    try (var writer = ShardWriter.open(cache, facts, damaged, shardBytes)) {
      int before = writer.size();
      var videos = VideoClips.of(CaptionedVideo.list(sources, skipped), shape, skipped);
      var missing = missing(videos, facts.toString(), writer);
      said.accept("encoding " + missing.size() + " clips, " + before + " are there");
      if (!missing.isEmpty()) {
        encode(videos, missing, writer, device, dtype, threads, said);
      }
      if (writer.size() == 0) {
        throw new IllegalArgumentException(
            "no clip could be encoded, first " + skipped.lines().getFirst());
      }
      return new Outcome(writer.size(), writer.size() - before, skipped);
    } finally {
      skipped.write(cache);
    }
  }

  private List<Piece> missing(VideoClips videos, String facts, ShardWriter writer) {
    var missing = new ArrayList<Piece>();
    var keys = new HashSet<String>(); // the same file twice is one
    for (int i = 0; i < videos.size(); i++) {
      var video = videos.video(i);
      for (int clip = 0; clip < Math.min(clips, videos.length(i) / frames); clip++) {
        int start = clip * frames;
        var piece = new Piece(i, start, key(video, start, facts));
        if (!writer.holds(piece.key()) && keys.add(piece.key())) {
          missing.add(piece);
        }
      }
    }
    return missing;
  }

  private static String key(CaptionedVideo video, int start, String facts) {
    try {
      return new Fingerprint()
          .withTime(video.file())
          .with(video.caption())
          .with(Integer.toString(start))
          .with(facts)
          .digits();
    } catch (IOException e) {
      throw new IllegalArgumentException(
          video.file() + " cannot be read any more: " + e.getMessage(), e);
    }
  }

  private void encode(
      VideoClips videos,
      List<Piece> missing,
      ShardWriter writer,
      Device device,
      Dtype dtype,
      int threads,
      Consumer<String> said) {
    try (var opened = Encoders.open(model, device, dtype);
        var pixels =
            new Prefetcher<>(item -> read(videos, missing, item), threads, Math.max(2, threads))) {
      var encoder = opened.encoder();
      int before = writer.size();
      for (int i = 0; i < missing.size(); i++) {
        var rgb = pixels.apply(i);
        var piece = missing.get(i);
        if (rgb.isPresent()) {
          var caption = videos.video(piece.video()).caption();
          add(
              writer,
              piece.key(),
              encoder,
              new ClipBatch(rgb.get(), videos.shape(), List.of(caption)));
        }
        if ((i + 1) % TELL_EVERY == 0 || i + 1 == missing.size()) {
          int encoded = writer.size() - before;
          int failed = i + 1 - encoded;
          said.accept(
              "encoded "
                  + encoded
                  + " of "
                  + missing.size()
                  + " clips"
                  + (failed == 0 ? "" : ", " + failed + " cannot be read"));
        }
      }
      writer.flush();
    }
  }

  private static Optional<byte[]> read(VideoClips videos, List<Piece> missing, long item) {
    if (item >= missing.size()) {
      return Optional.empty(); // asked for ahead of the end
    }
    var piece = missing.get((int) item);
    return videos.read(piece.video(), piece.start());
  }

  private static void add(ShardWriter writer, String key, ClipEncoder encoder, ClipBatch clip) {
    try (var scope = Scope.open()) {
      var encoded = encoder.encode(clip);
      writer.add(
          key,
          clip.captions().getFirst(),
          Map.of(
              CachedLatents.LATENTS, encoded.latents().squeeze(0).to(encoder.dtype()),
              CachedLatents.TEXT, CachedLatents.trimmed(encoded.text().select(0, 0))));
    }
  }
}
