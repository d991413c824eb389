package dev.longtake.testkit;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A repository {@value #NAME} on this machine, served as the hub serves one, by a server that can
 * be told to misbehave. Files that end in {@code .safetensors} or {@code .pt} are large ones: they
 * have a SHA-256 and are redirected to a second server.
 */
public final class HubServer implements AutoCloseable {
  /** What the repository is called. */
  public static final String NAME = "someone/model";

  private final HttpServer front;
  private final HttpServer storage;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Map<String, byte[]> files = new TreeMap<>();
  private final Map<String, Long> announced = new TreeMap<>();
  private final Deque<Mood> moods = new ArrayDeque<>();
  private final List<Request> requests = Collections.synchronizedList(new ArrayList<>());

  /** How a request for a file's content is answered. */
  public enum Mood {
    /** As it should be. */
    WELL,
    /** The connection is closed half-way. */
    CUT,
    /** Half of it, then silence. */
    STALLED,
    /** All of it, whatever range was asked for. */
    RANGE_IGNORED,
    /** From the start, whatever range was asked for, and the connection is closed half-way. */
    BEGUN_ANEW_AND_CUT,
    /** As many bytes, but others. */
    FALSIFIED,
    /** Nothing: 404. */
    ABSENT,
    /** Nothing: 403. */
    GATED,
    /** Nothing: 503. */
    BUSY
  }

  /**
   * A request that came.
   *
   * @param large whether it came to the second server
   * @param path of its address
   * @param range its Range header, empty if none
   * @param authorization its Authorization header, empty if none
   */
  public record Request(boolean large, String path, String range, String authorization) {}

  private HubServer(HttpServer front, HttpServer storage) {
    this.front = front;
    this.storage = storage;
  }

  /** Starts serving no files. */
  public static HubServer start() throws IOException {
    var here = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    var server = new HubServer(HttpServer.create(here, 0), HttpServer.create(here, 0));
    server.front.createContext("/api/models/" + NAME + "/tree/main", server::list);
    server.front.createContext("/" + NAME + "/resolve/main/", server::content);
    server.storage.createContext("/large/", server::large);
    server.front.setExecutor(server.threads);
    server.storage.setExecutor(server.threads);
    server.front.start();
    server.storage.start();
    return server;
  }

  /** Serves a file. */
  public HubServer with(String path, byte[] content) {
    files.put(path, content.clone());
    return this;
  }

  /** Lists a file of that size without having it. */
  public HubServer announcing(String path, long size) {
    announced.put(path, size);
    return with(path, new byte[0]);
  }

  /** Answers the next requests for content so, in this order; later ones well. */
  public void next(Mood... next) {
    synchronized (moods) {
      moods.addAll(Arrays.asList(next));
    }
  }

  /** Where it is. */
  public URI address() {
    return address(front);
  }

  /** What came, in order. */
  public List<Request> requests() {
    return List.copyOf(requests);
  }

  private static URI address(HttpServer server) {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  private void list(HttpExchange exchange) throws IOException {
    note(false, exchange);
    var entries = new ArrayList<String>();
    entries.add("{\"type\":\"directory\",\"oid\":\"0\",\"size\":0,\"path\":\"folder\"}");
    files.forEach(
        (path, content) -> {
          var lfs =
              isLarge(path)
                  ? String.format(
                      Locale.ROOT,
                      ",\"lfs\":{\"oid\":\"%s\",\"size\":%d}",
                      sum("SHA-256", content),
                      content.length)
                  : "";
          entries.add(
              String.format(
                  Locale.ROOT,
                  "{\"type\":\"file\",\"oid\":\"%s\",\"size\":%d,\"path\":\"%s\"%s}",
                  gitBlob(content),
                  announced.getOrDefault(path, (long) content.length),
                  path,
                  lfs));
        });
    // Two entries on a page.
    var query = String.valueOf(exchange.getRequestURI().getQuery());
    int from = query.contains("cursor=") ? Integer.parseInt(query.replaceAll(".*cursor=", "")) : 0;
    int to = Math.min(from + 2, entries.size());
    if (to < entries.size()) {
      exchange
          .getResponseHeaders()
          .add(
              "Link",
              String.format(
                  Locale.ROOT,
                  "<%s%s?recursive=true&cursor=%d>; rel=\"next\"",
                  address(),
                  exchange.getRequestURI().getPath(),
                  to));
    }
    var page = "[" + String.join(",", entries.subList(from, to)) + "]";
    send(exchange, 200, page.getBytes(StandardCharsets.UTF_8));
  }

  private void content(HttpExchange exchange) throws IOException {
    note(false, exchange);
    var path =
        exchange.getRequestURI().getPath().substring(NAME.length() + "//resolve/main/".length());
    if (files.containsKey(path) && isLarge(path)) {
      var headers = exchange.getResponseHeaders();
      headers.add("X-Linked-Etag", "\"" + sum("SHA-256", content(path)) + "\"");
      headers.add("Location", address(storage) + "/large/" + path);
      send(exchange, 302, new byte[0]);
    } else {
      answer(exchange, path);
    }
  }

  private void large(HttpExchange exchange) throws IOException {
    note(true, exchange);
    answer(exchange, exchange.getRequestURI().getPath().substring("/large/".length()));
  }

  private void answer(HttpExchange exchange, String path) throws IOException {
    var mood = files.containsKey(path) ? mood() : Mood.ABSENT;
    switch (mood) {
      case ABSENT -> send(exchange, 404, new byte[0]);
      case GATED -> send(exchange, 403, new byte[0]);
      case BUSY -> send(exchange, 503, new byte[0]);
      default -> serve(exchange, content(path), mood);
    }
  }

  private byte[] content(String path) {
    return files.getOrDefault(path, new byte[0]);
  }

  private void serve(HttpExchange exchange, byte[] content, Mood mood) throws IOException {
    var range = exchange.getRequestHeaders().getFirst("Range");
    boolean whole = range == null || mood == Mood.RANGE_IGNORED || mood == Mood.BEGUN_ANEW_AND_CUT;
    int from = whole ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
    if (from >= content.length && from > 0) {
      send(exchange, 416, new byte[0]);
      return;
    }
    var bytes = Arrays.copyOfRange(content, from, content.length);
    if (mood == Mood.FALSIFIED) {
      bytes[bytes.length - 1] ^= 1;
    }
    if (!whole) {
      exchange
          .getResponseHeaders()
          .add(
              "Content-Range",
              String.format(
                  Locale.ROOT, "bytes %d-%d/%d", from, content.length - 1, content.length));
    }
    int status = whole ? 200 : 206;
    if (mood != Mood.CUT && mood != Mood.BEGUN_ANEW_AND_CUT && mood != Mood.STALLED) {
      send(exchange, status, bytes);
      return;
    }
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes, 0, (bytes.length + 1) / 2);
    exchange.getResponseBody().flush();
    if (mood == Mood.STALLED) {
      awaitClosing();
    }
    exchange.close();
  }

  private void awaitClosing() {
    try {
      closing.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Mood mood() {
    synchronized (moods) {
      return moods.isEmpty() ? Mood.WELL : moods.removeFirst();
    }
  }

  private void note(boolean large, HttpExchange exchange) {
    var headers = exchange.getRequestHeaders();
    requests.add(
        new Request(
            large,
            exchange.getRequestURI().getPath(),
            headers.getOrDefault("Range", List.of("")).getFirst(),
            headers.getOrDefault("Authorization", List.of("")).getFirst()));
  }

  private static void send(HttpExchange exchange, int status, byte[] bytes) throws IOException {
    try (exchange) {
      exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  private static boolean isLarge(String path) {
    return path.endsWith(".safetensors") || path.endsWith(".pt");
  }

  private static String gitBlob(byte[] content) {
    var head = ("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII);
    var all = Arrays.copyOf(head, head.length + content.length);
    System.arraycopy(content, 0, all, head.length, content.length);
    return sum("SHA-1", all);
  }

  private static String sum(String algorithm, byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    closing.countDown();
    front.stop(0);
    storage.stop(0);
    threads.shutdownNow();
  }
}
