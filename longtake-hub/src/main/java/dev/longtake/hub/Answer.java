package dev.longtake.hub;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * A response whose content is still to be read.
 *
 * @param status 200, or 206 for a part of the content
 * @param headers of it, and of the redirects on the way to it
 * @param body to be read and closed
 */
record Answer(int status, List<HttpHeaders> headers, Body body) implements AutoCloseable {
  private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d{1,18})-.*");
  private static final int MOST_TEXT = 64 << 20;

  /** The first value of a header, of the last response that has it. */
  Optional<String> header(String name) {
    return headers.reversed().stream().flatMap(some -> some.firstValue(name).stream()).findFirst();
  }

  /** The first byte that comes: 0, unless the server says that it sends a part. */
  OptionalLong begin() {
    if (status != 206) {
      return OptionalLong.of(0);
    }
    var range = CONTENT_RANGE.matcher(header("Content-Range").orElse(""));
    return range.matches() ? OptionalLong.of(Long.parseLong(range.group(1))) : OptionalLong.empty();
  }

  /** All of it as text, for listings. */
  String text() throws IOException {
    var out = new ByteArrayOutputStream();
    for (var piece = body.next(); piece.isPresent(); piece = body.next()) {
      for (ByteBuffer buffer : piece.get()) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        out.writeBytes(bytes);
      }
      if (out.size() > MOST_TEXT) {
        throw HubException.fault(
            "the server's listing exceeds " + MOST_TEXT + " bytes; do not trust this server");
      }
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    body.close();
  }
}
