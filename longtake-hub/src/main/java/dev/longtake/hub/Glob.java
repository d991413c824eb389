package dev.longtake.hub;

import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A pattern for names: a star stands for any characters, also slashes and dots, a question mark for
 * one, all else for itself.
 */
public record Glob(String text) {

  /** Whether the whole of a name is like this. */
  public boolean matches(String name) {
    var regex =
        text.codePoints()
            .mapToObj(Character::toString)
            .map(c -> c.equals("*") ? ".*" : c.equals("?") ? "." : Pattern.quote(c))
            .collect(Collectors.joining());
    return Pattern.compile(regex, Pattern.DOTALL).matcher(name).matches();
  }
}
