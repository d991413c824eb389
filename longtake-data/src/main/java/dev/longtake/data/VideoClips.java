package dev.longtake.data;

import dev.longtake.media.MediaException;
import dev.longtake.media.VideoReader;
import dev.longtake.tensor.Rng;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/**
 * Clips of videos that people have. What a file says of itself is read at the start; damage in the
 * middle of one shows when it is decoded, and clips that end before it are as good as any: what is
 * read depends on what is asked for, not on what was found out before. Threads may share it.
 */
public final class VideoClips {
  private final List<CaptionedVideo> videos;
  private final List<Integer> lengths; // in pictures of the wanted rate
  private final ClipShape shape;
  private final Skipped skipped;
  private final Map<Integer, Integer> unreadable = new ConcurrentHashMap<>(); // from there on

  private VideoClips(
      List<CaptionedVideo> videos, List<Integer> lengths, ClipShape shape, Skipped skipped) {
    this.videos = videos;
    this.lengths = lengths;
    this.shape = shape;
    this.skipped = skipped;
  }

  /**
   * Looks at every file.
   *
   * @param skipped hears of videos that cannot be read, are cut short, or are too short for a clip
   * @throws IllegalArgumentException if none is left
   */
  public static VideoClips of(List<CaptionedVideo> all, ClipShape shape, Skipped skipped) {
    return of(all, shape, shape.frames(), skipped);
  }

  /**
   * Looks at every file.
   *
   * @param shape of clips; those of shorter videos are as long as these
   * @param shortest pictures that a video needs, at most the shape's
   * @param skipped hears of videos that cannot be read, are cut short, or are too short
   * @throws IllegalArgumentException if none is left
   */
  public static VideoClips of(
      List<CaptionedVideo> all, ClipShape shape, int shortest, Skipped skipped) {
    var least = shape.of(shortest);
    var lengths = all.parallelStream().map(video -> length(video, least, skipped)).toList();
    var usable = IntStream.range(0, all.size()).filter(i -> lengths.get(i) > 0).boxed().toList();
    if (usable.isEmpty()) {
      throw noneLeft(least, skipped);
    }
    return new VideoClips(
        usable.stream().map(all::get).toList(),
        usable.stream().map(lengths::get).toList(),
        shape,
        skipped);
  }

  /** 0 if it is skipped. */
  private static int length(CaptionedVideo video, ClipShape shape, Skipped skipped) {
    try {
      var info = VideoReader.probe(video.file());
      int length = (int) Math.min(Integer.MAX_VALUE, info.seconds() * shape.fps() + 1e-6);
      if (!info.complete()) {
        skipped.add(video.file(), "it is cut short after " + info.frames() + " pictures");
      } else if (info.fps() == 0) {
        skipped.add(video.file(), "it does not tell its frames per second");
      } else if (length < shape.frames()) {
        skipped.add(
            video.file(),
            "it is too short: "
                + length
                + " of "
                + shape.frames()
                + " pictures at "
                + shape.fps()
                + " frames/s");
      } else {
        return length;
      }
    } catch (MediaException e) {
      skipped.add(video.file(), reason(e, video));
    }
    return 0;
  }

  /** How many videos can be used, as far as is known. */
  public int size() {
    return videos.size();
  }

  /** A usable video. */
  public CaptionedVideo video(int number) {
    return videos.get(number);
  }

  /** How many pictures it has at the clips' rate. */
  public int length(int number) {
    return lengths.get(number);
  }

  /** What every clip is like, or those of shorter videos but for their length. */
  public ClipShape shape() {
    return shape;
  }

  /**
   * A clip's pictures; empty if the video turns out to be damaged before the clip's end, which is
   * noted.
   *
   * @param start first picture at the clips' rate, at most {@code length − frames}
   */
  public Optional<byte[]> read(int number, int start) {
    return read(number, start, shape);
  }

  private Optional<byte[]> read(int number, int start, ClipShape shape) {
    int end = start + shape.frames();
    if (end >= unreadable.getOrDefault(number, Integer.MAX_VALUE)) {
      return Optional.empty();
    }
    var video = videos.get(number);
    try (var reader = VideoReader.open(video.file(), shape.sampling())) {
      reader.skip(start);
      byte[] out = new byte[shape.bytes()];
      int picture = out.length / shape.frames();
      for (int frame = 0; frame < shape.frames(); frame++) {
        if (!reader.hasNext()) {
          throw new MediaException("it ends after " + (start + frame) + " pictures");
        }
        System.arraycopy(reader.next().rgb(), 0, out, frame * picture, picture);
      }
      return Optional.of(out);
    } catch (MediaException e) {
      unreadable.merge(number, end, Math::min);
      skipped.add(video.file(), reason(e, video));
      return Optional.empty();
    }
  }

  /**
   * A clip of each of some videos, from a drawn start, all as long as the shortest of these videos
   * allows. Where that stretch is damaged, a clip of the next video takes its place that is long
   * enough; the same numbers give the same clips.
   *
   * @param seed of the starts
   * @param numbers which videos
   * @param step told to the draw, so that a video's next clip starts elsewhere
   * @throws IllegalArgumentException if every video is damaged
   */
  public ClipBatch batch(long seed, int[] numbers, long step) {
    var common = shape.of(IntStream.of(numbers).map(this::frames).min().orElse(shape.frames()));
    byte[] out = new byte[Math.multiplyExact(numbers.length, common.bytes())];
    var captions = new ArrayList<String>();
    for (int i = 0; i < numbers.length; i++) {
      var random = new SplittableRandom(Rng.mix(seed, step, i, numbers[i]));
      Optional<byte[]> clip = Optional.empty();
      for (int attempt = 0; clip.isEmpty(); attempt++) {
        if (attempt == size()) {
          throw noneLeft(shape, skipped);
        }
        int number = (int) (((long) numbers[i] + attempt) % size());
        if (length(number) < common.frames()) {
          continue;
        }
        clip = read(number, random.nextInt(length(number) - common.frames() + 1), common);
        if (clip.isPresent()) {
          captions.add(video(number).caption());
        }
      }
      System.arraycopy(clip.get(), 0, out, i * common.bytes(), common.bytes());
    }
    return new ClipBatch(out, common, captions);
  }

  /** Pictures of a video's clips: 4k + 1, at most the shape's. */
  private int frames(int number) {
    int most = Math.min(shape.frames(), length(number));
    return most - (most - 1) % 4;
  }

  private static IllegalArgumentException noneLeft(ClipShape shape, Skipped skipped) {
    var first = skipped.lines().stream().findFirst().map(line -> ", first " + line).orElse("");
    return new IllegalArgumentException(
        "no video is left to use ("
            + skipped.count()
            + " skipped"
            + first
            + "); give captioned MP4 files of at least "
            + shape.frames()
            + " pictures at "
            + shape.fps()
            + " frames/s");
  }

  /** Without the file's name, which stands before it anyway, and the general advice. */
  private static String reason(MediaException e, CaptionedVideo video) {
    return String.valueOf(e.getMessage())
        .replace("cannot read " + video.file() + ": ", "")
        .replaceFirst("; check .*", "");
  }
}
