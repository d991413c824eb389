package dev.longtake.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads the files back with a reader of its own, so that an error cannot cancel itself out. */
class EventFileTest {
  @TempDir Path folder;

  @Test
  void theChecksumHasItsPublishedValues() {
    assertThat(crc32c("123456789".getBytes(StandardCharsets.US_ASCII))).isEqualTo(0xE3069283);
    assertThat(crc32c(new byte[32])).isEqualTo(0x8A9136AA); // RFC 3720, B.4
    // The first twelve bytes of every TensorBoard file: a record of 24 bytes follows.
    byte[] length = {24, 0, 0, 0, 0, 0, 0, 0};
    assertThat(EventFile.maskedCrc(length, 8)).isEqualTo(0x224B7FA3);
    byte[] longer = {24, 0, 0, 0, 0, 0, 0, 0, 99};
    assertThat(EventFile.maskedCrc(longer, 8)).isEqualTo(0x224B7FA3);
  }

  @Test
  void aFileBeginsWithItsVersionAndHoldsWhatWasLogged() throws Exception {
    var values = new LinkedHashMap<String, Double>();
    values.put("loss", 0.25);
    values.put("causal/context_18", -1e-7);
    values.put("grad_norm", Double.POSITIVE_INFINITY);
    try (var events = EventFile.in(folder.resolve("made/on/demand"))) {
      events.scalars(0, Map.of("a", 1.0));
      events.scalars(300_000_000_000L, values);
      events.scalars(7, Map.of());
    }
    var read = read(onlyFile(folder.resolve("made/on/demand")));
    assertThat(read).hasSize(4);
    assertThat(read.getFirst().version).isEqualTo("brain.Event:2");
    assertThat(read.getFirst().scalars).isEmpty();
    assertThat(read).extracting(event -> event.step).containsExactly(0L, 0L, 300_000_000_000L, 7L);
    assertThat(read.get(2).scalars)
        .containsExactly(
            Map.entry("loss", 0.25f),
            Map.entry("causal/context_18", -1e-7f),
            Map.entry("grad_norm", Float.POSITIVE_INFINITY));
    double now = System.currentTimeMillis() / 1e3;
    assertThat(read).allSatisfy(event -> assertThat(event.time).isEqualTo(now, within(600.0)));
  }

  @Test
  void aFullDiskIsToldInOneLine() throws Exception {
    assumeTrue(Files.exists(Path.of("/dev/full")), "needs Linux");
    var full = FileChannel.open(Path.of("/dev/full"), StandardOpenOption.WRITE);
    try (var events = new EventFile(full, InstantSource.system())) {
      assertThatThrownBy(() -> events.scalars(1, Map.of("loss", 1.0)))
          .isInstanceOf(TrainingException.class)
          .hasMessageContaining("cannot write the event file (No space left on device)")
          .hasMessageContaining("goes on from its last checkpoint");
    }
  }

  @Test
  void whatWasLoggedCanBeReadBeforeTheFileIsClosed() throws Exception {
    try (var events = EventFile.in(folder)) {
      events.scalars(3, Map.of("loss", 2.0));
      assertThat(read(onlyFile(folder)).get(1).scalars).containsExactly(Map.entry("loss", 2f));
    }
  }

  @Test
  void aSecondFileOfTheSameSecondDoesNotDamageTheFirst() throws Exception {
    for (int i = 0; i < 2; i++) {
      try (var events = EventFile.in(folder)) {
        events.scalars(i, Map.of("loss", 1.0));
      }
    }
    int entries = 0;
    try (var files = Files.list(folder)) {
      for (var file : files.toList()) {
        entries += (int) read(file).stream().filter(event -> !event.scalars.isEmpty()).count();
      }
    }
    assertThat(entries).isEqualTo(2);
  }

  private static final class Event {
    double time;
    long step;
    String version = "";
    final Map<String, Float> scalars = new LinkedHashMap<>();
  }

  private static Path onlyFile(Path folder) throws Exception {
    try (var files = Files.list(folder)) {
      var all = files.toList();
      assertThat(all).hasSize(1);
      assertThat(all.getFirst().getFileName().toString())
          .matches("events\\.out\\.tfevents\\.\\d+\\.longtake");
      return all.getFirst();
    }
  }

  /** TFRecord frames: length, its checksum, data, its checksum. */
  private static List<Event> read(Path file) throws Exception {
    var in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    var out = new ArrayList<Event>();
    while (in.hasRemaining()) {
      byte[] length = new byte[8];
      in.get(length);
      assertThat(in.getInt()).isEqualTo(masked(crc32c(length)));
      byte[] data =
          new byte[(int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong()];
      in.get(data);
      assertThat(in.getInt()).isEqualTo(masked(crc32c(data)));
      out.add(event(data));
    }
    return out;
  }

  private static Event event(byte[] data) {
    var in = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    var event = new Event();
    while (in.hasRemaining()) {
      int key = (int) varint(in);
      switch (key) {
        case 1 << 3 | 1 -> event.time = in.getDouble();
        case 2 << 3 -> event.step = varint(in);
        case 3 << 3 | 2 -> event.version = new String(bytes(in), StandardCharsets.UTF_8);
        case 5 << 3 | 2 -> summary(bytes(in), event);
        default -> throw new AssertionError("field " + (key >> 3) + " of type " + (key & 7));
      }
    }
    return event;
  }

  private static void summary(byte[] data, Event event) {
    var in = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    while (in.hasRemaining()) {
      assertThat(varint(in)).isEqualTo(1 << 3 | 2);
      var value = ByteBuffer.wrap(bytes(in)).order(ByteOrder.LITTLE_ENDIAN);
      assertThat(varint(value)).isEqualTo(1 << 3 | 2);
      var tag = new String(bytes(value), StandardCharsets.UTF_8);
      assertThat(varint(value)).isEqualTo(2 << 3 | 5);
      event.scalars.put(tag, value.getFloat());
      assertThat(value.hasRemaining()).isFalse();
    }
  }

  private static byte[] bytes(ByteBuffer in) {
    byte[] out = new byte[(int) varint(in)];
    in.get(out);
    return out;
  }

  private static long varint(ByteBuffer in) {
    long out = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = in.get();
      out |= (long) (next & 0x7F) << shift;
      if (next >= 0) {
        return out;
      }
    }
  }

  private static int masked(int crc) {
    return ((crc >>> 15) | (crc << 17)) + 0xA282EAD8;
  }

  private static int crc32c(byte[] data) {
    int crc = -1;
    for (byte next : data) {
      crc ^= next & 0xFF;
      for (int bit = 0; bit < 8; bit++) {
        crc = crc >>> 1 ^ ((crc & 1) == 0 ? 0 : 0x82F63B78);
      }
    }
    return ~crc;
  }
}
