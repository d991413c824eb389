package dev.longtake.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StageLogTest {
  private final AtomicLong now = new AtomicLong(1_700_000_000);

  @TempDir Path folder;

  @Test
  void aRunThatWasStoppedIsOneWithoutThePause() {
    session(1, 0, 1, 2);
    now.addAndGet(3600);
    session(2, 3, 4);

    var log = StageLog.read(folder);

    assertThat(log.entries()).extracting(EventLog.Entry::step).containsExactly(0L, 1L, 2L, 3L, 4L);
    assertThat(log.began()).isEqualTo(1.7e9);
    assertThat(log.seconds()).isEqualTo(3 * 10 + 2 * 10, within(1e-3));
    assertThat(log.resumed()).containsExactly(2L);
  }

  @Test
  void stepsThatWereTakenAgainReplaceThoseOfBefore() {
    session(1, 0, 2, 4, 6);
    session(2, 4, 6, 8); // it went on from a checkpoint after step 2 or 3
    session(3, 6, 8);

    var log = StageLog.read(folder);

    assertThat(log.entries())
        .extracting(entry -> entry.step() + " of " + entry.scalars().get("loss"))
        .containsExactly("0 of 1.0", "2 of 1.0", "4 of 2.0", "6 of 3.0", "8 of 3.0");
    assertThat(log.seconds()).isEqualTo(2 * 10 + 1 * 10 + 2 * 10, within(1e-3));
    assertThat(log.resumed()).containsExactly(2L, 4L);
  }

  @Test
  void aStageThatWasBegunAnewIsItsNewBeginning() {
    session(1, 0, 1, 2);
    session(2, 0, 1);

    var log = StageLog.read(folder);

    assertThat(log.entries()).hasSize(2).allMatch(entry -> entry.scalars().get("loss") == 2);
    assertThat(log.seconds()).isEqualTo(20, within(1e-3));
    assertThat(log.resumed()).isEmpty();
  }

  @Test
  void aKilledRunsLastEntryIsLeftOutAndTold() throws IOException {
    session(1, 0, 1);
    Path first;
    try (var files = Files.list(folder)) {
      first = files.toList().getFirst();
    }
    byte[] whole = Files.readAllBytes(first);
    Files.write(first, Arrays.copyOf(whole, whole.length - 1));
    session(2); // nothing was logged
    session(3, 2, 3);

    var log = StageLog.read(folder);

    assertThat(log.cutShort()).containsExactly(first);
    assertThat(log.entries()).extracting(EventLog.Entry::step).containsExactly(0L, 2L, 3L);
    assertThat(log.resumed()).containsExactly(0L);
  }

  @Test
  void aFolderWithoutFilesHasNoEntries() {
    assertThat(StageLog.read(folder).entries()).isEmpty();
    assertThatThrownBy(() -> StageLog.read(folder.resolve("absent")))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("cannot list ");
  }

  /** Ten seconds before each entry, and a minute afterwards. */
  private void session(double loss, long... steps) {
    try (var events = EventFile.in(folder, () -> Instant.ofEpochSecond(now.get()))) {
      for (long step : steps) {
        now.addAndGet(10);
        events.scalars(step, Map.of("loss", loss));
      }
    }
    now.addAndGet(60);
  }
}
