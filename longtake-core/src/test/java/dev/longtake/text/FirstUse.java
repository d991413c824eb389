package dev.longtake.text;

import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;

/** The program of a machine that has never seen a tokenizer and has no network. */
final class FirstUse {
  private FirstUse() {}

  /** Prints the words that the tokenizer of the given file does not know in the given prompt. */
  public static void main(String[] arguments) {
    ProxySelector.setDefault(new Refusing());
    try (var tokenizer = Tokenizer.open(Path.of(arguments[0]), 8)) {
      System.out.println("unknown: " + tokenizer.unknown(arguments[1]));
    }
  }

  /** Is asked before anything is connected to. */
  private static final class Refusing extends ProxySelector {
    @Override
    public List<Proxy> select(URI uri) {
      System.out.println("asked for " + uri);
      throw new IllegalStateException("no network");
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, java.io.IOException e) {}
  }
}
