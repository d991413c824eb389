package dev.longtake.hub;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A response's content as it arrives. Java's own streams wait for the next byte for ever; this one
 * does not.
 */
final class Body implements Flow.Subscriber<List<ByteBuffer>>, AutoCloseable {
  private final Duration silence;
  private final LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private volatile Flow.@Nullable Subscription subscription;

  /** What the connection tells. */
  private sealed interface Event {
    record Piece(List<ByteBuffer> bytes) implements Event {}

    record End() implements Event {}

    record Failure(Throwable cause) implements Event {}
  }

  Body(Duration silence) {
    this.silence = silence;
  }

  /**
   * The next bytes; empty at the end.
   *
   * @throws IOException if the connection is cut, or silent for too long
   */
  Optional<List<ByteBuffer>> next() throws IOException {
    return switch (await()) {
      case Event.Piece piece -> {
        request();
        yield Optional.of(piece.bytes());
      }
      case Event.End _ -> Optional.empty();
      case Event.Failure failure ->
          throw new IOException(
              "the connection was cut (" + HubException.because(failure.cause()) + ")",
              failure.cause());
    };
  }

  private Event await() throws IOException {
    try {
      var event = events.poll(silence.toMillis(), TimeUnit.MILLISECONDS);
      if (event == null) {
        throw new IOException("stalled: not a byte for " + words(silence));
      }
      return event;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  /** A duration as people say it. */
  static String words(Duration time) {
    return time.toMillis() % 1000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    this.subscription = subscription;
    request();
  }

  @Override
  public void onNext(List<ByteBuffer> bytes) {
    events.add(new Event.Piece(bytes));
  }

  @Override
  public void onError(Throwable cause) {
    events.add(new Event.Failure(cause));
  }

  @Override
  public void onComplete() {
    events.add(new Event.End());
  }

  private void request() {
    var current = subscription;
    if (current != null) {
      current.request(1);
    }
  }

  /** Lets the connection go. */
  @Override
  public void close() {
    var current = subscription;
    if (current != null) {
      current.cancel();
    }
  }
}
