package dev.longtake.checkpoint;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32;

/**
 * A file of any size mapped for reading. Little-endian; offsets in bytes from the file's start.
 *
 * <p>Tensors are copied by native code, which does not notice an unmapped page: reading and closing
 * exclude each other.
 */
final class MappedFile implements AutoCloseable {
  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);

  /** What is summed up at once: buffers count their bytes in an int. */
  private static final long PIECE_BYTES = 1L << 30;

  private final String name;
  private final Arena arena;
  private final MemorySegment bytes;

  private MappedFile(String name, Arena arena, MemorySegment bytes) {
    this.name = name;
    this.arena = arena;
    this.bytes = bytes;
  }

  @SuppressWarnings("MustBeClosedChecker") // the arena is closed by close()
  static MappedFile open(Path path) {
    if (!Files.exists(path)) {
      throw new CheckpointException(path.toString(), "no such file; check the path");
    }
    if (!Files.isRegularFile(path)) {
      throw new CheckpointException(path.toString(), "is not a file; give the checkpoint inside");
    }
    var arena = Arena.ofShared();
    try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
      var bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return new MappedFile(path.toString(), arena, bytes);
    } catch (IOException e) {
      arena.close();
      throw new CheckpointException(
          path.toString(),
          "cannot be read (" + CheckpointException.because(e) + "); check its permissions",
          e);
    }
  }

  /** The path as it was given. */
  String name() {
    return name;
  }

  long size() {
    return bytes.byteSize();
  }

  int u8(long offset) {
    need(offset, 1);
    return Byte.toUnsignedInt(bytes.get(ValueLayout.JAVA_BYTE, offset));
  }

  int u16(long offset) {
    need(offset, 2);
    return Short.toUnsignedInt(bytes.get(U16, offset));
  }

  long u32(long offset) {
    need(offset, 4);
    return Integer.toUnsignedLong(bytes.get(U32, offset));
  }

  /** Eight bytes as a signed number: values from 2⁶³ come out negative. */
  long i64(long offset) {
    need(offset, 8);
    return bytes.get(U64, offset);
  }

  byte[] bytes(long offset, int length) {
    need(offset, length);
    return bytes.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
  }

  /** A copy of the elements from {@code offset} on, row after row. */
  synchronized Tensor tensor(long offset, Dtype dtype, long... shape) {
    requireOpen();
    long length = dtype.bytes();
    for (long size : shape) {
      length = Math.multiplyExact(length, size);
    }
    need(offset, length);
    return length == 0
        ? Tensor.empty(dtype, Device.CPU, shape) // which has no memory to copy to
        : Tensor.copyOf(bytes.asSlice(offset, length).address(), dtype, shape);
  }

  /** A row-major copy of elements that lie {@code strides} elements apart along each axis. */
  synchronized Tensor tensor(long offset, long length, Dtype dtype, long[] shape, long[] strides) {
    requireOpen();
    need(offset, length);
    try (var scratch = Arena.ofConfined()) {
      var copy =
          Strided.rowMajor(bytes.asSlice(offset, length), dtype.bytes(), shape, strides, scratch);
      return Tensor.copyOf(copy.address(), dtype, shape);
    }
  }

  /** The CRC-32 of bytes where they are mapped. */
  synchronized long crc(long offset, long length) {
    requireOpen();
    need(offset, length);
    var crc = new CRC32();
    for (long done = 0; done < length; done += PIECE_BYTES) {
      long piece = Math.min(PIECE_BYTES, length - done);
      crc.update(bytes.asSlice(offset + done, piece).asByteBuffer());
    }
    return crc.getValue();
  }

  private void need(long offset, long length) {
    if (offset < 0 || length < 0 || length > size() - offset) {
      throw new CheckpointException(
          name,
          "file is damaged: it refers to "
              + length
              + " bytes at "
              + offset
              + " but has "
              + size()
              + " in all; download it again");
    }
  }

  private void requireOpen() {
    if (!arena.scope().isAlive()) {
      throw new IllegalStateException(name + " is closed: read tensors before closing it");
    }
  }

  @Override
  public synchronized void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
