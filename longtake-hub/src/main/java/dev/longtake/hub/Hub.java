package dev.longtake.hub;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A server of repositories. Used by one thread; closing it ends every connection.
 *
 * <p>Redirects are followed here rather than by Java's client, which would hand the token on to
 * whichever host they name.
 */
public final class Hub implements AutoCloseable {
  /** Hugging Face. */
  public static final URI HUGGING_FACE = URI.create("https://huggingface.co");

  private static final int MOST_REDIRECTS = 10;

  private final URI endpoint;
  private final Optional<String> token;
  private final Patience patience;
  private final HttpClient client;
  private boolean answered;

  private Hub(URI endpoint, Optional<String> token, Patience patience) {
    this.endpoint = endpoint;
    this.token = token;
    this.patience = patience;
    client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(patience.connecting())
            .proxy(ProxySelector.getDefault())
            .build();
  }

  /**
   * A server at an address.
   *
   * @param endpoint such as {@link #HUGGING_FACE} or a mirror of it
   * @param token what the server knows the user by, sent to that server alone
   * @throws IllegalArgumentException if the address is none of http or https, or the token is no
   *     single word
   */
  public static Hub of(URI endpoint, Optional<String> token, Patience patience) {
    var scheme = String.valueOf(endpoint.getScheme());
    if (endpoint.getHost() == null || !(scheme.equals("https") || scheme.equals("http"))) {
      throw new IllegalArgumentException(
          "'" + endpoint + "' is no server's address; give one such as " + HUGGING_FACE);
    }
    if (token.isPresent() && !token.get().matches("[\\x21-\\x7e]+")) {
      throw new IllegalArgumentException(
          "the token has spaces or other characters that no token has; check HF_TOKEN");
    }
    return new Hub(endpoint, token, patience);
  }

  /** Where it is, for messages. */
  String host() {
    return endpoint.getHost();
  }

  /**
   * Every file of a repository, in the server's order.
   *
   * @throws HubException if it is absent, closed to us, or the server does not answer
   */
  public List<HubFile> files(Repository repository) {
    return persistence(patience, 0)
        .run(repository.name(), () -> new Listing(this, repository).read());
  }

  /**
   * What tries again.
   *
   * @param here how many bytes are here already
   */
  Persistence persistence(Patience patience, long here) {
    return new Persistence(patience, here, () -> answered);
  }

  /**
   * Asks for a file's content from a byte on.
   *
   * @throws IOException if that is worth another try
   * @throws HubException if it is not
   */
  Answer open(Repository repository, HubFile file, long from) throws IOException {
    var path =
        "/"
            + repository.name()
            + "/resolve/"
            + repository.revisionSegment()
            + "/"
            + encoded(file.path());
    return get(at(path), from, repository.name() + "/" + file.path());
  }

  /** An address on this server. */
  URI at(String pathAndQuery) {
    return URI.create(endpoint.toString().replaceFirst("/+$", "") + pathAndQuery);
  }

  /**
   * Asks for an address.
   *
   * @param from the first byte wanted
   * @param what it is, for messages
   */
  Answer get(URI address, long from, String what) throws IOException {
    var headers = new ArrayList<HttpHeaders>();
    var here = address;
    for (int i = 0; i <= MOST_REDIRECTS; i++) {
      var response = send(request(here, from));
      answered = true;
      headers.add(response.headers());
      var body = new Body(patience.silence());
      response.body().subscribe(body);
      int status = response.statusCode();
      if (status == 200 || status == 206) {
        return new Answer(status, List.copyOf(headers), body);
      }
      body.close();
      var location = response.headers().firstValue("Location");
      if (status / 100 != 3 || location.isEmpty()) {
        throw refusal(status, what);
      }
      here = next(here, location.get());
    }
    throw HubException.fault(
        what + ": more than " + MOST_REDIRECTS + " redirects; try another --mirror");
  }

  private HttpRequest request(URI address, long from) {
    var request =
        HttpRequest.newBuilder(address)
            .header("User-Agent", "longtake")
            // The bytes themselves are wanted, and a range of them must mean what it says.
            .header("Accept-Encoding", "identity");
    if (isEndpoint(address)) {
      token.ifPresent(word -> request.header("Authorization", "Bearer " + word));
    }
    if (from > 0) {
      request.header("Range", "bytes=" + from + "-");
    }
    return request.build();
  }

  private HttpResponse<Flow.Publisher<List<ByteBuffer>>> send(HttpRequest request)
      throws IOException {
    // Not the request's own timeout: newer Javas count the content's time in, which may be hours.
    var response = client.sendAsync(request, HttpResponse.BodyHandlers.ofPublisher());
    try {
      return response.get(patience.silence().toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      response.cancel(true);
      throw new IOException(
          "stalled: no answer from "
              + request.uri().getHost()
              + " for "
              + Body.words(patience.silence()),
          e);
    } catch (ExecutionException e) {
      var cause = Objects.requireNonNullElse(e.getCause(), e);
      throw new IOException(
          cause instanceof ConnectException
              ? "cannot connect to " + request.uri().getAuthority()
              : "cannot reach "
                  + request.uri().getHost()
                  + " ("
                  + HubException.because(cause)
                  + ")",
          cause);
    } catch (InterruptedException e) {
      response.cancel(true);
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  private URI next(URI here, String location) {
    URI there;
    try {
      there = here.resolve(location);
    } catch (IllegalArgumentException e) {
      throw HubException.fault(here.getHost() + " redirects to what is no address", e);
    }
    boolean web = "https".equals(there.getScheme()) || "http".equals(there.getScheme());
    boolean lessSafe = "https".equals(here.getScheme()) && !"https".equals(there.getScheme());
    if (there.getHost() == null || !web || lessSafe) {
      throw HubException.fault(
          here.getHost() + " redirects to " + there + ", which is not safe; try another --mirror");
    }
    return there;
  }

  /** Whether an address is on this very server, which the token is for. */
  private boolean isEndpoint(URI address) {
    return endpoint.getScheme().equals(address.getScheme())
        && endpoint.getHost().equals(address.getHost())
        && endpoint.getPort() == address.getPort();
  }

  private HubException refusal(int status, String what) throws IOException {
    return switch (status) {
      case 404 ->
          new HubException(
              what
                  + ": "
                  + host()
                  + " has no such repository, revision or file (404); check the names"
                  + (token.isEmpty() ? ", or set HF_TOKEN if it is private" : ""));
      case 401, 403 ->
          new HubException(
              what
                  + ": "
                  + host()
                  + " refuses access ("
                  + status
                  + "); "
                  + (token.isEmpty()
                      ? "accept its terms on its page and set HF_TOKEN to your token"
                      : "accept its terms on its page with the account of your HF_TOKEN"));
      case 416 -> throw new NoSuchRangeException();
      case 408, 429, 500, 502, 503, 504 -> throw new IOException(host() + " answers " + status);
      default ->
          HubException.fault(
              what + ": " + host() + " answers " + status + "; try later or another --mirror");
    };
  }

  /** A path with everything escaped that an address cannot hold. */
  private static String encoded(String path) {
    var out = new StringBuilder();
    for (byte b : path.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xFF);
      boolean plain = c < 128 && (Character.isLetterOrDigit(c) || "/-._~".indexOf(c) >= 0);
      out.append(plain ? String.valueOf(c) : "%" + HexFormat.of().withUpperCase().toHexDigits(b));
    }
    return out.toString();
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
