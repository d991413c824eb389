package dev.longtake.media;

import java.nio.file.Path;
import java.util.Map;

/** A process that writes a video and comes to a bad end. */
final class ChildWriter {

  static final String HALT_AFTER_TWO_CHUNKS = "halt";
  static final String UNTIL_FULL = "full";
  static final int HALTED = 137;

  private ChildWriter() {}

  public static void main(String[] args) {
    var writer =
        Mp4Writer.open(Path.of(args[1]), new VideoFormat(192, 128, 16), Map.of("prompt", args[0]));
    if (args[0].equals(HALT_AFTER_TWO_CHUNKS)) {
      writer.write(Pictures.waves(192, 128, 0, 12));
      writer.write(Pictures.waves(192, 128, 12, 12));
      Runtime.getRuntime().halt(HALTED);
    }
    try {
      while (writer.frames() < 250) {
        writer.write(Pictures.waves(192, 128, (int) writer.frames(), 5));
      }
    } catch (MediaException e) {
      writer.close();
      System.exit((int) writer.frames());
    }
  }
}
