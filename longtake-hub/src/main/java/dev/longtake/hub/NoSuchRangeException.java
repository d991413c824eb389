package dev.longtake.hub;

import java.io.IOException;

/** The server has no bytes from there on: what is here is longer than what is there. */
final class NoSuchRangeException extends IOException {
  private static final long serialVersionUID = 1L;

  NoSuchRangeException() {
    super("the server has no such range (416)");
  }
}
