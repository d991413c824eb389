package dev.longtake.checkpoint;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Reads a pickle's operands in order; its exceptions say at which byte. */
final class PickleBytes {
  private static final int LONGEST_LINE = 1024;

  private final String file;
  private final ByteBuffer bytes;

  PickleBytes(String file, byte[] bytes) {
    this.file = file;
    this.bytes = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  int u8() {
    return Byte.toUnsignedInt(need(1).get());
  }

  int u16() {
    return Short.toUnsignedInt(need(2).getShort());
  }

  int i32() {
    return need(4).getInt();
  }

  long u32() {
    return Integer.toUnsignedLong(i32());
  }

  long i64() {
    return need(8).getLong();
  }

  /** Floats alone are big-endian. */
  double f64() {
    return Double.longBitsToDouble(Long.reverseBytes(i64()));
  }

  /** That many bytes of UTF-8. */
  String text(long length) {
    var slice = need(length).slice(bytes.position(), (int) length);
    bytes.position(bytes.position() + (int) length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(slice).toString();
    } catch (CharacterCodingException e) {
      throw bad("holds text that is not UTF-8");
    }
  }

  /** That many bytes of a two's complement number, least significant first. */
  Number integer(long length) {
    need(length);
    byte[] big = new byte[(int) length];
    for (int i = big.length - 1; i >= 0; i--) {
      big[i] = bytes.get();
    }
    var value = big.length == 0 ? BigInteger.ZERO : new BigInteger(big);
    return value.bitLength() < Long.SIZE ? (Number) value.longValue() : value;
  }

  /** Text up to the end of the line. */
  String line() {
    var line = new StringBuilder();
    for (int c = u8(); c != '\n'; c = u8()) {
      if (line.length() == LONGEST_LINE) {
        throw bad("holds a name of more than " + LONGEST_LINE + " characters");
      }
      line.append((char) c);
    }
    return line.toString();
  }

  byte[] raw(long length) {
    need(length);
    byte[] out = new byte[(int) length];
    bytes.get(out);
    return out;
  }

  void skip(long length) {
    need(length).position(bytes.position() + (int) length);
  }

  CheckpointException bad(String what) {
    return bad(what, "it is damaged or made to do harm: refuse files you do not trust");
  }

  CheckpointException bad(String what, String remedy) {
    return new CheckpointException(
        file, "its pickle " + what + " (byte " + bytes.position() + "); " + remedy);
  }

  private ByteBuffer need(long length) {
    if (length < 0 || length > bytes.remaining()) {
      throw bad("ends early: " + length + " bytes wanted, " + bytes.remaining() + " there");
    }
    return bytes;
  }
}
