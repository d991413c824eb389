package dev.longtake.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.longtake.testkit.HubServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a server says is read strictly. */
class HubTest {
  private static final Patience SHORT = new Patience(Duration.ofMillis(500), 1, Duration.ZERO);
  private static final Repository REPOSITORY = new Repository(HubServer.NAME, "main");
  private static final String OID = "0".repeat(40);

  @Test
  void aListingOfSeveralPagesIsReadToItsEnd() throws IOException {
    try (var server = HubServer.start()) {
      for (var name : List.of("a.json", "b.json", "c.pt", "d.json", "e.safetensors")) {
        server.with(name, name.getBytes(StandardCharsets.UTF_8));
      }
      try (var hub = Hub.of(server.address(), Optional.empty(), SHORT)) {
        var files = hub.files(REPOSITORY);

        assertThat(files)
            .extracting(HubFile::path)
            .containsExactly("a.json", "b.json", "c.pt", "d.json", "e.safetensors");
        assertThat(files.get(2).checksum().kind()).isEqualTo(Checksum.Kind.SHA_256);
        assertThat(files.get(3).checksum().kind()).isEqualTo(Checksum.Kind.GIT_BLOB);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../evil",
        "/etc/passwd",
        "a/../../b",
        "a//b",
        "a\\\\b",
        "C:x",
        "a\\nb",
        "",
        ".",
        "a/./b"
      })
  void aNameThatLeadsElsewhereIsRefused(String path) throws IOException {
    var listing = "[{\"type\":\"file\",\"size\":1,\"oid\":\"%s\",\"path\":\"%s\"}]";

    answering(
        200,
        listing.formatted(OID, path),
        hub ->
            assertThatThrownBy(() -> hub.files(REPOSITORY))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("do not trust this server")
                .hasMessageNotContaining("\n"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "<html>welcome</html>|no list of files",
        "{\"error\":\"x\"}|no list of files",
        "[]|has no files",
        "[{\"type\":\"file\",\"size\":1,\"oid\":\"123\",\"path\":\"a\"}]|'a' has no checksum",
      })
  void whatIsNoListingIsSaidSo(String text, String part) throws IOException {
    answering(
        200,
        text,
        hub ->
            assertThatThrownBy(() -> hub.files(REPOSITORY))
                .isInstanceOf(HubException.class)
                .hasMessageContaining(part));
  }

  @ParameterizedTest
  @CsvSource({
    "404, no such repository",
    "401, set HF_TOKEN to your token",
    "403, set HF_TOKEN to your token",
    "500, gave up after 2 tries",
    "418, answers 418"
  })
  void refusalsSayWhatHelps(int status, String part) throws IOException {
    answering(
        status,
        "",
        hub ->
            assertThatThrownBy(() -> hub.files(REPOSITORY))
                .isInstanceOf(HubException.class)
                .hasMessageContainingAll(HubServer.NAME, part));
  }

  @Test
  void aServerThatIsNotThereIsNamed() throws IOException {
    URI gone;
    try (var server = HubServer.start()) {
      gone = server.address();
    }
    try (var hub = Hub.of(gone, Optional.empty(), SHORT)) {
      assertThatThrownBy(() -> hub.files(REPOSITORY))
          .isInstanceOf(HubException.class)
          .hasMessageContainingAll("cannot connect to " + gone.getAuthority(), "2 tries");
    }
  }

  @Test
  void aServerThatHasNeverAnsweredIsNotTriedForAsLongAsAllRetriesTake() throws IOException {
    URI gone;
    try (var server = HubServer.start()) {
      gone = server.address();
    }
    var patience = new Patience(Duration.ofSeconds(5), 6, Patience.FIRST);
    try (var hub = Hub.of(gone, Optional.empty(), patience)) {
      assertThatThrownBy(() -> hub.files(REPOSITORY))
          .isInstanceOf(HubException.class)
          .hasMessageContainingAll("cannot connect to", "gave up after 1 try");
    }
  }

  @Test
  void aServerThatHasAnsweredIsTriedAgainEvenIfThatTakesLong() throws IOException {
    // The first pause alone is longer than a server that has never answered is given.
    var patience =
        new Patience(Duration.ofMillis(500), 2, Duration.ofMillis(20), Duration.ofMillis(10));
    try (var server = HubServer.start().with("config.json", new byte[] {1});
        var hub = Hub.of(server.address(), Optional.empty(), patience)) {
      hub.files(REPOSITORY);
      server.close();
      assertThatThrownBy(() -> hub.files(REPOSITORY))
          .isInstanceOf(HubException.class)
          .hasMessageContaining("gave up after 3 tries");
    }
  }

  @Test
  void aServerThatAcceptsAndNeverAnswersIsStalled() throws IOException {
    try (var mute = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      var address = URI.create("http://127.0.0.1:" + mute.getLocalPort());
      var patience = new Patience(Duration.ofMillis(200), 0, Duration.ZERO);
      try (var hub = Hub.of(address, Optional.empty(), patience)) {
        assertThatThrownBy(() -> hub.files(REPOSITORY))
            .isInstanceOf(HubException.class)
            .hasMessageContainingAll("stalled", "127.0.0.1", "200 ms");
      }
    }
  }

  @Test
  void aRedirectInCirclesEnds() throws IOException {
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            exchange.getResponseHeaders().add("Location", exchange.getRequestURI().toString());
            exchange.sendResponseHeaders(302, -1);
          }
        });
    server.start();
    var address = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    try (var hub = Hub.of(address, Optional.empty(), SHORT)) {
      assertThatThrownBy(() -> hub.files(REPOSITORY))
          .isInstanceOf(HubException.class)
          .hasMessageContaining("more than 10 redirects");
    } finally {
      server.stop(0);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"model", "a/b/c", "../b", "a/..", "a b/c", "/b", ""})
  void aRepositoryHasAnOwnerAndAName(String name) {
    assertThatThrownBy(() -> new Repository(name, "main"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("give OWNER/NAME");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ftp://host", "host", "file:///etc", "https:///x"})
  void anEndpointIsAWebAddress(String address) {
    assertThatThrownBy(() -> Hub.of(URI.create(address), Optional.empty(), SHORT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no server's address");
  }

  @Test
  void aTokenOfTwoLinesIsNoToken() {
    assertThatThrownBy(() -> Hub.of(Hub.HUGGING_FACE, Optional.of("a\nb"), SHORT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("HF_TOKEN");
  }

  /** With a server that has one answer for everything. */
  private static void answering(int status, String text, Consumer<Hub> body) throws IOException {
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            var bytes = text.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
          }
        });
    server.start();
    var address = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    try (var hub = Hub.of(address, Optional.empty(), SHORT)) {
      body.accept(hub);
    } finally {
      server.stop(0);
    }
  }
}
