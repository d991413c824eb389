package dev.longtake.data;

import dev.longtake.media.MediaException;
import dev.longtake.media.VideoReader;
import dev.longtake.tensor.Rng;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/**
 * Clips of videos that people have. What a file says of itself is read at the start; damage in the
 * middle of one shows when it is decoded. Threads may share it.
 */
public final class VideoClips {
  private final List<CaptionedVideo> videos;
  private final List<Integer> lengths; // in pictures of the wanted rate
  private final ClipShape shape;
  private final Skipped skipped;
  private final Set<Integer> damaged = ConcurrentHashMap.newKeySet();

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
    var lengths = all.parallelStream().map(video -> length(video, shape, skipped)).toList();
    var usable = IntStream.range(0, all.size()).filter(i -> lengths.get(i) > 0).boxed().toList();
    if (usable.isEmpty()) {
      throw noneLeft(shape, skipped);
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

  /** What every clip is like. */
  public ClipShape shape() {
    return shape;
  }

  /**
   * A clip's pictures; empty if the video turns out to be damaged before its end, which is noted.
   *
   * @param start first picture at the clips' rate, at most {@code length − frames}
   */
  public Optional<byte[]> read(int number, int start) {
    if (damaged.contains(number)) {
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
      damaged.add(number);
      skipped.add(video.file(), reason(e, video));
      return Optional.empty();
    }
  }

  /**
   * A clip of each of some videos, from a drawn start. In place of a damaged video comes the next
   * one that is whole; the same numbers give the same clips.
   *
   * @param seed of the starts
   * @param numbers which videos
   * @param step told to the draw, so that a video's next clip starts elsewhere
   * @throws IllegalArgumentException if every video is damaged
   */
  public ClipBatch batch(long seed, int[] numbers, long step) {
    byte[] out = new byte[Math.multiplyExact(numbers.length, shape.bytes())];
    var captions = new ArrayList<String>();
    for (int i = 0; i < numbers.length; i++) {
      var random = new SplittableRandom(Rng.mix(seed, step, i, numbers[i]));
      Optional<byte[]> clip = Optional.empty();
      for (int attempt = 0; clip.isEmpty(); attempt++) {
        if (attempt == size()) {
          throw noneLeft(shape, skipped);
        }
        int number = (int) (((long) numbers[i] + attempt) % size());
        clip = read(number, random.nextInt(length(number) - shape.frames() + 1));
        if (clip.isPresent()) {
          captions.add(video(number).caption());
        }
      }
      System.arraycopy(clip.get(), 0, out, i * shape.bytes(), shape.bytes());
    }
    return new ClipBatch(out, shape, captions);
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
