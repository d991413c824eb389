package dev.longtake.media;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The outermost boxes of an ISO base media file (ISO/IEC 14496-12, section 4.2).
 *
 * <p>FFmpeg takes a file that ends early for one that ends; the boxes' own lengths tell the
 * difference.
 *
 * @param boxes in file order; empty when the file is of another kind
 */
record IsoBoxes(List<Box> boxes) {

  private static final int HEADER = 8;
  private static final int LONG_HEADER = 16;

  /**
   * One box.
   *
   * @param type four characters
   * @param size bytes, header included, as the box claims
   * @param present bytes of it that the file has
   */
  record Box(String type, long size, long present) {
    boolean isCut() {
      return present < size;
    }
  }

  static IsoBoxes of(Path file) throws IOException {
    var boxes = new ArrayList<Box>();
    try (var channel = FileChannel.open(file)) {
      long length = channel.size();
      long at = 0;
      while (length - at >= HEADER) {
        var box = read(channel, at, length);
        if (boxes.isEmpty() && !box.type().equals("ftyp")) {
          return new IsoBoxes(List.of());
        }
        boxes.add(box);
        if (box.size() < HEADER) {
          break; // not a box: what follows the last one is of no concern to a player
        }
        at += box.size();
      }
    }
    return new IsoBoxes(List.copyOf(boxes));
  }

  /** True when pictures come in fragments, each usable without those after it. */
  boolean isFragmented() {
    return boxes.stream().anyMatch(box -> box.type().equals("moof"));
  }

  /** The box that the end of the file cuts through. */
  Optional<Box> cut() {
    return boxes.stream().filter(Box::isCut).findFirst();
  }

  private static Box read(FileChannel channel, long at, long length) throws IOException {
    var header = ByteBuffer.allocate(LONG_HEADER);
    channel.read(header, at);
    header.flip();
    long size = Integer.toUnsignedLong(header.getInt());
    var type = new byte[4];
    header.get(type);
    if (size == 0) {
      size = length - at; // "to the end of the file"
    } else if (size == 1 && header.remaining() >= Long.BYTES) {
      size = header.getLong();
    }
    return new Box(new String(type, ISO_8859_1), size, Math.min(size, length - at));
  }
}
