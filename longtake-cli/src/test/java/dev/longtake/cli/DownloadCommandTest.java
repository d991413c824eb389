package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.testkit.HubServer;
import dev.longtake.testkit.HubServer.Mood;
import dev.longtake.testkit.HubServer.Request;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Model repositories, from a terminal and a server that has its moods. */
class DownloadCommandTest {
  private static final String WEIGHTS = "transformer/model.safetensors";

  @TempDir private Path folder;
  private final byte[] weights = new byte[200_000];
  private HubServer server;

  @BeforeEach
  void start() throws IOException {
    new Random(11).nextBytes(weights);
    server =
        HubServer.start()
            .with("config.json", "{}".getBytes(StandardCharsets.UTF_8))
            .with("assets/logo.png", new byte[5000])
            .with(WEIGHTS, weights);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void aRepositoryComesWhole() throws IOException {
    var spoken = download();

    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    assertThat(spoken.err()).isEmpty();
    assertThat(spoken.out().strip()).isEqualTo(folder + ": 3 files, 205 kB");
    assertThat(folder.resolve(WEIGHTS)).hasBinaryContent(weights);
    assertThat(folder.resolve("config.json")).hasContent("{}");
    assertThat(files()).hasSize(3);
  }

  @Test
  void whatIsHereAlreadyIsNotAskedForAgain() throws IOException {
    download();
    int before = contentRequests();

    var spoken = download();

    assertThat(spoken.code()).isZero();
    assertThat(spoken.out()).contains("here already");
    assertThat(contentRequests()).isEqualTo(before);
  }

  @Test
  void onlyWhatIsWantedComes() throws IOException {
    var byName = download("transformer", "--exclude", "*.png");

    assertThat(byName.out()).contains("1 file,");
    assertThat(files()).containsExactly(folder.resolve(WEIGHTS));

    download("--include", "*.json");
    assertThat(files()).contains(folder.resolve("config.json")).hasSize(2);
  }

  @Test
  void aDryRunTellsAndBringsNothing() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{}");

    var spoken = download("--dry-run");

    assertThat(spoken.code()).isZero();
    assertThat(spoken.out().lines())
        .contains(
            "  2 bytes  config.json  (here already)",
            "   200 kB  " + WEIGHTS,
            "2 of 3 files, 205 kB to download into " + folder);
    assertThat(files()).hasSize(1);
    assertThat(contentRequests()).isZero();
  }

  @Test
  void theSameCommandGoesOnWithWhatWasCutOff() throws IOException {
    server.next(Mood.CUT, Mood.CUT);
    var broken = download(WEIGHTS, "--retries", "0");
    assertFault(broken, WEIGHTS, "connection was cut", "run the same command again");
    assertThat(files()).singleElement().asString().endsWith(".part");

    var spoken = download(WEIGHTS, "--retries", "0", "--dry-run");
    assertThat(spoken.out()).contains("1 of 1 file, 100 kB to download");
    download(WEIGHTS, "--retries", "0"); // cut again: three quarters are here
    spoken = download(WEIGHTS, "--retries", "0");

    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    assertThat(folder.resolve(WEIGHTS)).hasBinaryContent(weights);
    assertThat(server.requests())
        .filteredOn(Request::large)
        .extracting(Request::range)
        .containsExactly("", "bytes=100000-", "bytes=150000-");
    assertThat(files()).hasSize(1);
  }

  @Test
  void everyFailureIsOneLineAndLeavesNoFileOfThatName() throws IOException {
    server.next(Mood.ABSENT);
    assertMistake(download(WEIGHTS), WEIGHTS, "404", "check the names");
    server.next(Mood.GATED);
    assertMistake(download(WEIGHTS), WEIGHTS, "403", "HF_TOKEN");
    server.next(Mood.STALLED);
    assertFault(
        download(WEIGHTS, "--timeout", "0.3", "--retries", "0"), WEIGHTS, "stalled", "300 ms");
    assertThat(folder.resolve(WEIGHTS)).doesNotExist();

    server.next(Mood.BUSY);
    assertFault(download(WEIGHTS, "--retries", "0"), WEIGHTS, "answers 503");

    server.next(Mood.FALSIFIED);
    assertFault(download(WEIGHTS), WEIGHTS, "checksum", "deleted");
    assertThat(files()).isEmpty();
    assertMistake(download("nothing.bin"), "no 'nothing.bin'", "config.json");
    assertMistake(
        Spoken.by("download", "no/such", "--mirror", server.address(), "--out", folder),
        "no/such",
        "404");
  }

  @Test
  void anotherFileOfThatNameIsReplacedOnRequestOnly() throws IOException {
    var own = Files.writeString(folder.resolve("config.json"), "my own");

    assertMistake(download(), "config.json", "--force", "--out");
    assertThat(own).hasContent("my own");
    assertThat(contentRequests()).isZero();

    assertThat(download("--force").code()).isZero();
    assertThat(own).hasContent("{}");
  }

  @Test
  void moreThanTheDiskHoldsIsRefusedBeforehand() throws IOException {
    try (var vast = HubServer.start().announcing("vast.json", 1L << 60)) {
      var spoken =
          Spoken.by("download", HubServer.NAME, "--mirror", vast.address(), "--out", folder);

      assertFault(spoken, "1152922 TB are needed", "are free");
    }
    assertThat(files()).isEmpty();
  }

  @Test
  void tokenAndServerComeFromTheEnvironment() {
    var out = new StringWriter();
    var terminal = new Terminal(new PrintWriter(out), new PrintWriter(new StringWriter()), 0);
    var environment = Map.of("HF_ENDPOINT", server.address() + "/", "HF_TOKEN", "hf_secret\n");

    int code =
        new CommandLine(new DownloadCommand(terminal, environment))
            .execute(HubServer.NAME, "config.json", "--out", folder.toString());

    assertThat(code).isZero();
    assertThat(folder.resolve("config.json")).exists();
    assertThat(server.requests()).allMatch(r -> r.authorization().equals("Bearer hf_secret"));
  }

  private Spoken download(String... options) {
    var all = new ArrayList<Object>(List.of("download", HubServer.NAME));
    all.addAll(List.of(options));
    all.addAll(List.of("--mirror", server.address(), "--out", folder));
    return Spoken.by(all.toArray());
  }

  private int contentRequests() {
    return (int) server.requests().stream().filter(r -> r.path().contains("/resolve/")).count();
  }

  private List<Path> files() throws IOException {
    try (var files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  private static void assertMistake(Spoken spoken, String... parts) {
    assertOneLine(2, spoken, parts);
  }

  /** Not the user's doing. */
  private static void assertFault(Spoken spoken, String... parts) {
    assertOneLine(1, spoken, parts);
  }

  private static void assertOneLine(int code, Spoken spoken, String... parts) {
    assertThat(spoken.err()).hasSize(1);
    assertThat(spoken.err().getFirst()).startsWith("longtake: ").contains(parts);
    assertThat(spoken.code()).isEqualTo(code);
    assertThat(spoken.out()).isEmpty();
  }
}
