package dev.longtake.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.testkit.HubServer;
import dev.longtake.testkit.HubServer.Mood;
import dev.longtake.testkit.HubServer.Request;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A file comes whole or not at all, whatever the server does. */
class DownloadTest {
  private static final Patience SHORT = new Patience(Duration.ofMillis(400), 2, Duration.ZERO);
  private static final Repository REPOSITORY = new Repository(HubServer.NAME, "main");
  private static final String LARGE = "transformer/weights.safetensors";
  private static final String SMALL = "config.json";

  @TempDir private Path folder;
  private final byte[] content = new byte[300_000];
  private HubServer server;
  private Hub hub;

  @BeforeEach
  void start() throws IOException {
    new Random(7).nextBytes(content);
    server =
        HubServer.start()
            .with(LARGE, content)
            .with(SMALL, "{}".getBytes(StandardCharsets.UTF_8))
            .with("empty", new byte[0]);
    hub = Hub.of(server.address(), Optional.of("secret"), SHORT);
  }

  @AfterEach
  void stop() {
    hub.close();
    server.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {LARGE, SMALL, "empty"})
  void aFileComesWithItsPathAndContent(String path) throws IOException {
    var reached = new ArrayList<Long>();

    download().fetch(file(path), reached::add);

    assertThat(Files.readAllBytes(folder.resolve(path))).hasSize((int) file(path).size());
    assertThat(download().state(file(path))).isEqualTo(Download.State.WHOLE);
    assertThat(reached).isSorted().last().isEqualTo(file(path).size());
    assertThat(parts()).isEmpty();
  }

  @Test
  void aCutConnectionIsTakenUpWhereItBroke() throws IOException {
    server.next(Mood.CUT, Mood.CUT);

    fetchLarge();

    assertThat(Files.readAllBytes(folder.resolve(LARGE))).isEqualTo(content);
    assertThat(ranges()).hasSize(3).first().isEqualTo("");
    assertThat(ranges().subList(1, 3)).allMatch(range -> range.matches("bytes=[1-9]\\d*-"));
  }

  @Test
  void aStalledConnectionIsGivenUpAndTakenUpAgain() throws IOException {
    server.next(Mood.STALLED);

    fetchLarge();

    assertThat(Files.readAllBytes(folder.resolve(LARGE))).isEqualTo(content);
    assertThat(ranges()).hasSize(2);
  }

  @Test
  void aServerThatIgnoresRangesIsReadFromTheStart() throws IOException {
    server.next(Mood.CUT, Mood.RANGE_IGNORED);

    fetchLarge();

    assertThat(Files.readAllBytes(folder.resolve(LARGE))).isEqualTo(content);
  }

  @Test
  void aServerThatBeginsAnewEachTimeAndBreaksIsGivenUp() {
    server.next(Collections.nCopies(8, Mood.BEGUN_ANEW_AND_CUT).toArray(Mood[]::new));

    assertThatThrownBy(this::fetchLarge)
        .isInstanceOfSatisfying(HubException.class, e -> assertThat(e.fault()).isTrue())
        .hasMessageContainingAll(LARGE, "gave up after 3 tries");
    assertThat(folder.resolve(LARGE)).doesNotExist();
  }

  @Test
  void aBusyServerIsAskedAgain() throws IOException {
    server.next(Mood.BUSY, Mood.BUSY);

    fetchLarge();

    assertThat(Files.readAllBytes(folder.resolve(LARGE))).isEqualTo(content);
  }

  @Test
  void afterTheLastRetryThePartStaysForTheNextRun() throws IOException {
    server.next(Mood.CUT, Mood.BUSY, Mood.BUSY, Mood.BUSY);

    assertThatThrownBy(this::fetchLarge)
        .isInstanceOf(HubException.class)
        .hasMessageContainingAll(LARGE, "answers 503", "gave up after", "run the same command");
    assertThat(folder.resolve(LARGE)).doesNotExist();
    assertThat(parts()).hasSize(1);
    long present = download().present(file(LARGE));
    assertThat(present).isBetween(1L, content.length - 1L);

    fetchLarge();

    assertThat(Files.readAllBytes(folder.resolve(LARGE))).isEqualTo(content);
    assertThat(ranges()).last().isEqualTo("bytes=" + present + "-");
  }

  @Test
  void aServerSilentForGoodIsNamedAsStalled() {
    server.next(Mood.STALLED, Mood.BUSY, Mood.BUSY, Mood.STALLED);
    hub.close();
    hub =
        Hub.of(
            server.address(),
            Optional.empty(),
            new Patience(Duration.ofMillis(200), 0, Duration.ZERO));
    var patience = new Patience(Duration.ofMillis(200), 0, Duration.ZERO);
    var file = file(LARGE);

    assertThatThrownBy(
            () -> new Download(hub, REPOSITORY, folder, patience).fetch(file, bytes -> {}))
        .isInstanceOf(HubException.class)
        .hasMessageContainingAll(LARGE, "stalled", "200 ms");
  }

  @Test
  void wrongBytesAreDeletedAndNeverNamed() throws IOException {
    server.next(Mood.FALSIFIED);

    assertThatThrownBy(this::fetchLarge)
        .isInstanceOfSatisfying(HubException.class, e -> assertThat(e.fault()).isTrue())
        .hasMessageContainingAll(LARGE, "checksum", "deleted");
    assertThat(folder.resolve(LARGE)).doesNotExist();
    assertThat(parts()).isEmpty();

    server.next(Mood.FALSIFIED);
    assertThatThrownBy(() -> download().fetch(file(SMALL), bytes -> {}))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("checksum");
    assertThat(folder.resolve(SMALL)).doesNotExist();
  }

  @Test
  void aDamagedPartIsFoundOut() throws IOException {
    var part = PartFile.path(folder.resolve(LARGE), file(LARGE));
    Files.createDirectories(part.getParent());
    Files.write(part, new byte[1000]);

    assertThatThrownBy(this::fetchLarge).hasMessageContaining("checksum");
    assertThat(parts()).isEmpty();
  }

  @Test
  void aPartLongerThanTheFileIsThrownAway() throws IOException {
    var part = PartFile.path(folder.resolve(LARGE), file(LARGE));
    Files.createDirectories(part.getParent());
    Files.write(part, new byte[content.length + 1]);

    fetchLarge();

    assertThat(Files.readAllBytes(folder.resolve(LARGE))).isEqualTo(content);
  }

  @Test
  void aWholePartOnlyWantsItsName() throws IOException {
    var file = file(LARGE);
    var part = PartFile.path(folder.resolve(LARGE), file);
    Files.createDirectories(part.getParent());
    Files.write(part, content);
    int before = server.requests().size();

    download().fetch(file, bytes -> {});

    assertThat(server.requests()).hasSize(before);
    assertThat(Files.readAllBytes(folder.resolve(LARGE))).isEqualTo(content);
  }

  @Test
  void absentAndGatedFilesSayWhatHelps() {
    server.next(Mood.ABSENT, Mood.GATED);

    assertThatThrownBy(this::fetchLarge)
        .isInstanceOfSatisfying(HubException.class, e -> assertThat(e.fault()).isFalse())
        .hasMessageContainingAll(LARGE, "127.0.0.1", "404", "check the names");
    assertThatThrownBy(this::fetchLarge)
        .isInstanceOf(HubException.class)
        .hasMessageContainingAll(LARGE, "403", "terms", "HF_TOKEN");
  }

  @Test
  void theTokenStaysWithItsServer() {
    fetchLarge();

    assertThat(server.requests().stream().filter(Request::large)).isNotEmpty();
    assertThat(server.requests())
        .allMatch(r -> r.authorization().equals(r.large() ? "" : "Bearer secret"));
  }

  @Test
  void whatTheListenerThrowsEndsTheDownloadAndKeepsThePart() throws IOException {
    assertThatThrownBy(
            () ->
                download()
                    .fetch(
                        file(LARGE),
                        bytes -> {
                          if (bytes > 0) {
                            throw new CancellationException("enough");
                          }
                        }))
        .isInstanceOf(CancellationException.class);
    assertThat(parts()).hasSize(1);
    assertThat(folder.resolve(LARGE)).doesNotExist();
  }

  @Test
  void twoDownloadsOfOneFileDoNotMix() {
    var file = file(LARGE);
    try (var other = PartFile.open(folder.resolve(LARGE), file)) {
      assertThat(other.length()).isZero();
      assertThatThrownBy(this::fetchLarge)
          .isInstanceOf(HubException.class)
          .hasMessageContainingAll("another download", "--out");
    }
  }

  @Test
  void aFolderThatCannotBeMadeIsNamed() throws IOException {
    Files.writeString(folder.resolve("transformer"), "a file where a folder must be");

    assertThatThrownBy(this::fetchLarge)
        .isInstanceOf(HubException.class)
        .hasMessageContainingAll(
            "cannot write", "transformer is a file where a folder must be", "--out")
        .hasMessageNotContaining("free space");
  }

  @Test
  void anotherFileOfThatNameIsNotTakenForIt() throws IOException {
    Files.writeString(folder.resolve(SMALL), "[]");

    assertThat(download().state(file(SMALL))).isEqualTo(Download.State.DIFFERENT);
    assertThat(download().state(file(LARGE))).isEqualTo(Download.State.WANTED);
  }

  private void fetchLarge() {
    download().fetch(file(LARGE), bytes -> {});
  }

  private Download download() {
    return new Download(hub, REPOSITORY, folder, SHORT);
  }

  private HubFile file(String path) {
    return hub.files(REPOSITORY).stream()
        .filter(file -> file.path().equals(path))
        .findFirst()
        .orElseThrow();
  }

  private List<String> ranges() {
    return server.requests().stream().filter(Request::large).map(Request::range).toList();
  }

  private List<Path> parts() throws IOException {
    try (var files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(".part")).toList();
    }
  }
}
