package dev.longtake.cli;

import dev.longtake.media.ContactSheet;
import dev.longtake.media.Frame;
import dev.longtake.media.MediaException;
import dev.longtake.media.Mp4Writer;
import dev.longtake.media.Png;
import dev.longtake.media.VideoFormat;
import dev.longtake.rollout.Awaited;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Writes a video with its contact sheet, and single pictures if asked to, while the next chunk is
 * being made: encoding happens on a thread of its own, in order, at most one chunk behind.
 */
final class Recording implements AutoCloseable {
  private static final int SHEET_COLUMNS = 5;
  private static final int SHEET_ROWS = 4;
  private static final int WIDEST_CELL = 240;
  private static final int NARROWEST_CELL = 32;

  private final OutputFiles files;
  private final VideoFormat format;
  private final Optional<Path> pictures;
  private final Mp4Writer video;
  private final ContactSheet sheet;
  private final ExecutorService encoder;
  private CompletableFuture<Void> pending = CompletableFuture.allOf();
  private long numbered;
  private volatile long recorded;
  private volatile boolean finished;

  private Recording(
      OutputFiles files, VideoFormat format, Optional<Path> pictures, Mp4Writer video) {
    this.files = files;
    this.format = format;
    this.pictures = pictures;
    this.video = video;
    int cell = Math.clamp(format.width(), NARROWEST_CELL, WIDEST_CELL);
    sheet = new ContactSheet(SHEET_COLUMNS, SHEET_ROWS, cell, format.fps());
    encoder =
        Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("longtake-encoder").factory());
  }

  /**
   * Begins the part file.
   *
   * @param pictures folder for a PNG of each picture, see {@link #requireEmpty}
   * @param tags metadata of the MP4
   * @throws MediaException if something cannot be written
   */
  static Recording open(
      OutputFiles files, VideoFormat format, Optional<Path> pictures, Map<String, String> tags) {
    pictures.ifPresent(Recording::createFolder);
    return new Recording(files, format, pictures, Mp4Writer.open(files.video(), format, tags));
  }

  /**
   * Refuses a folder for pictures that holds something: old pictures would mix with the new.
   *
   * @throws MediaException if it is a file, or not empty
   */
  static void requireEmpty(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    if (!Files.isDirectory(folder)) {
      throw new MediaException(
          String.format(Locale.ROOT, "--frames-dir %s is a file; give a folder", folder));
    }
    try (var entries = Files.list(folder)) {
      if (entries.findAny().isPresent()) {
        throw new MediaException(
            String.format(Locale.ROOT, "--frames-dir %s is not empty; give a new folder", folder));
      }
    } catch (IOException e) {
      throw new MediaException(
          String.format(Locale.ROOT, "--frames-dir %s cannot be listed", folder), e);
    }
  }

  /**
   * Takes the next pictures as one fragment, after waiting until those before are on disk. They may
   * still be on their way.
   *
   * @throws MediaException if those before could not be written
   * @throws RuntimeException if those before could not be made
   */
  void add(CompletableFuture<List<Frame>> frames) {
    Awaited.result(pending);
    pending = frames.thenAcceptAsync(this::write, encoder);
  }

  /**
   * Puts video and contact sheet under their final names.
   *
   * @throws MediaException if they cannot be written; the part file stays then
   */
  void finish() {
    Awaited.result(pending);
    pending =
        CompletableFuture.runAsync(
            () -> {
              video.finish();
              finished = true;
              sheet.write(files.sheet());
            },
            encoder);
    Awaited.result(pending);
  }

  /** Pictures on disk so far; may be asked by any thread. */
  long recorded() {
    return recorded;
  }

  /** Where the unfinished video is, in words; may be asked by any thread. */
  String whereabouts() {
    if (finished) {
      return "the video is in " + files.video();
    }
    return recorded == 0
        ? "nothing was written yet"
        : String.format(
            Locale.ROOT,
            "the first %.1f s are in %s and play as they are",
            recorded / format.fps(),
            video.partFile());
  }

  /** Ends the writing; unless finished, the part file stays if it holds a picture. */
  @Override
  public void close() {
    pending.handle((written, failure) -> written).join(); // it may not have reached the encoder
    encoder.close();
    video.close();
  }

  private void write(List<Frame> frames) {
    video.write(frames);
    recorded = video.frames();
    for (var frame : frames) {
      sheet.add(frame);
      pictures.ifPresent(folder -> Png.write(folder.resolve(pictureName(numbered)), frame));
      numbered++;
    }
  }

  private static String pictureName(long number) {
    return String.format(Locale.ROOT, "frame-%06d.png", number);
  }

  private static void createFolder(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new MediaException(
          String.format(
              Locale.ROOT, "cannot create --frames-dir %s; choose another folder", folder),
          e);
    }
  }
}
