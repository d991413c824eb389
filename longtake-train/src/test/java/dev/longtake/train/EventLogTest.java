package dev.longtake.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventLogTest {
  private static final Instant NOON = Instant.ofEpochSecond(1_700_000_000);

  @TempDir Path folder;

  @Test
  void whatWasLoggedIsReadBack() throws IOException {
    var values = new LinkedHashMap<String, Double>();
    values.put("loss", 0.25);
    values.put("causal/context_18", -1e-7);
    values.put("zéro", 0.0);
    try (var events = EventFile.in(folder, () -> NOON)) {
      events.scalars(300_000_000_000L, values);
      events.scalars(7, Map.of());
      events.scalars(8, Map.of("grad_norm", Double.POSITIVE_INFINITY));
    }

    var log = EventLog.read(onlyFile());

    assertThat(log.cutShort()).isFalse();
    assertThat(log.sessions()).hasSize(1);
    var session = log.sessions().getFirst();
    assertThat(session.began()).isEqualTo(1.7e9);
    assertThat(session.entries())
        .containsExactly(
            new EventLog.Entry(
                1.7e9,
                300_000_000_000L,
                Map.of("loss", 0.25f, "causal/context_18", -1e-7f, "zéro", 0f)),
            new EventLog.Entry(1.7e9, 8, Map.of("grad_norm", Float.POSITIVE_INFINITY)));
    assertThat(session.entries().getFirst().scalars().keySet())
        .containsExactly("loss", "causal/context_18", "zéro");
  }

  @Test
  void ofAFileThatIsCutShortAnywhereTheWholeEntriesCount() throws IOException {
    var ends = new ArrayList<Long>(); // of the version and of each entry
    try (var events = EventFile.in(folder, () -> NOON)) {
      ends.add(Files.size(onlyFile()));
      for (int step = 0; step < 3; step++) {
        events.scalars(step, Map.of("loss", 1.5));
        ends.add(Files.size(onlyFile()));
      }
    }
    byte[] whole = Files.readAllBytes(onlyFile());
    for (int length = 0; length <= whole.length; length++) {
      Files.write(onlyFile(), java.util.Arrays.copyOf(whole, length));
      long end = length;
      long there = ends.stream().filter(at -> at <= end).count();

      var log = EventLog.read(onlyFile());

      assertThat(log.cutShort()).as("%d bytes", length).isEqualTo(end > 0 && !ends.contains(end));
      assertThat(log.sessions()).hasSize(there == 0 ? 0 : 1);
      assertThat(log.sessions().stream().mapToLong(session -> session.entries().size()).sum())
          .as("%d bytes", length)
          .isEqualTo(Math.max(0, there - 1));
    }
  }

  @Test
  void everyByteThatChangedIsNoticed() throws IOException {
    try (var events = EventFile.in(folder, () -> NOON)) {
      events.scalars(1, Map.of("loss", 1.5));
    }
    byte[] whole = Files.readAllBytes(onlyFile());
    for (int i = 0; i < whole.length; i++) {
      byte[] damaged = whole.clone();
      damaged[i] ^= 4;
      Files.write(onlyFile(), damaged);

      assertThatThrownBy(() -> EventLog.read(onlyFile()))
          .as("byte %d", i)
          .isInstanceOf(TrainingException.class)
          .hasMessageContaining("longtake is damaged: the checksum at byte ")
          .hasMessageContaining("move it away");
    }
  }

  @Test
  void startsWithinASecondAreToldApart() throws IOException {
    for (int start = 0; start < 2; start++) {
      try (var events = EventFile.in(folder, () -> NOON)) {
        events.scalars(start, Map.of("loss", 1.0));
      }
    }

    assertThat(EventLog.read(onlyFile()).sessions())
        .extracting(session -> session.entries().getFirst().step())
        .containsExactly(0L, 1L);
  }

  @Test
  void whatOtherProgramsLogBesidesScalarsIsPassedOver() throws IOException {
    var file = folder.resolve("events.out.tfevents.1.other");
    var text = message(1, "note".getBytes(StandardCharsets.US_ASCII)); // a tag without a number
    var number =
        joined(
            message(1, "loss".getBytes(StandardCharsets.US_ASCII)),
            message(9, new byte[] {1, 2}), // how it is to be shown
            bytes(5).put((byte) (2 << 3 | 5)).putFloat(0.5f).array());
    var event =
        joined(
            bytes(9).put((byte) (1 << 3 | 1)).putDouble(12).array(),
            message(5, joined(message(1, text), message(1, number))));
    var graph = message(4, new byte[] {7, 7, 7});
    Files.write(file, joined(frame(graph), frame(event)));

    assertThat(EventLog.read(file).sessions())
        .containsExactly(
            new EventLog.Session(12, List.of(new EventLog.Entry(12, 0, Map.of("loss", 0.5f)))));
  }

  @Test
  void whatIsNoEventIsTold() throws IOException {
    var file = folder.resolve("events.out.tfevents.1.other");
    var sound = frame(message(3, "brain.Event:2".getBytes(StandardCharsets.US_ASCII)));
    for (byte[] wrong :
        List.of(new byte[] {5 << 3 | 2, 100}, new byte[] {7}, new byte[] {8, -1, -1})) {
      Files.write(file, joined(sound, frame(wrong)));

      assertThatThrownBy(() -> EventLog.read(file))
          .isInstanceOf(TrainingException.class)
          .hasMessage(
              file
                  + ": what is at byte "
                  + sound.length
                  + " is no event; move the file away to do without it");
    }
    assertThatThrownBy(() -> EventLog.read(folder.resolve("absent")))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("cannot read ");
  }

  private Path onlyFile() throws IOException {
    try (var files = Files.list(folder)) {
      return files.toList().getFirst();
    }
  }

  private static byte[] frame(byte[] data) {
    var length = bytes(8).putLong(data.length).array();
    return joined(
        length,
        bytes(4).putInt(EventFile.maskedCrc(length, 8)).array(),
        data,
        bytes(4).putInt(EventFile.maskedCrc(data, data.length)).array());
  }

  private static byte[] message(int field, byte[] value) {
    return joined(new byte[] {(byte) (field << 3 | 2), (byte) value.length}, value);
  }

  private static ByteBuffer bytes(int count) {
    return ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static byte[] joined(byte[]... parts) {
    var out = new java.io.ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}
