package dev.longtake.memory;

import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** The text form of a policy: a name, which stands for a policy, and what to change about it. */
final class PolicySpec {
  private static final Map<String, Memory> NAMED = new LinkedHashMap<>();

  static {
    NAMED.put("full", new FullMemory());
    NAMED.put("sliding-window", MemoryPolicies.SELF_FORCING);
    NAMED.put("sink-window", MemoryPolicies.LONGLIVE);
    NAMED.put("slow-fast", MemoryPolicies.CONTEXT_FORCING);
    NAMED.put("slow-fast-redundant", MemoryPolicies.CONTEXT_FORCING_REDUNDANT);
    NAMED.put("self-forcing", MemoryPolicies.SELF_FORCING);
    NAMED.put("longlive", MemoryPolicies.LONGLIVE);
    NAMED.put("infinity-rope", MemoryPolicies.INFINITY_ROPE);
    NAMED.put("context-forcing", MemoryPolicies.CONTEXT_FORCING);
    NAMED.put("context-forcing-released", MemoryPolicies.CONTEXT_FORCING_RELEASED);
    NAMED.put("rolling-forcing", MemoryPolicies.ROLLING_FORCING);
  }

  private final String spec;
  private final Map<String, String> arguments;

  private PolicySpec(String spec, Map<String, String> arguments) {
    this.spec = spec;
    this.arguments = arguments;
  }

  static Memory parse(String text) {
    var spec = text.strip();
    int colon = spec.indexOf(':');
    var name = colon < 0 ? spec : spec.substring(0, colon);
    var base = NAMED.get(name);
    if (base == null) {
      throw unknown("memory policy", name, NAMED.keySet());
    }
    var keys = keys(base);
    var arguments = new LinkedHashMap<String, String>();
    if (colon >= 0) {
      for (var argument : spec.substring(colon + 1).split(",", -1)) {
        int equals = argument.indexOf('=');
        // A window's length needs no name.
        boolean bare = equals < 0 && keys.contains("frames");
        var key = bare ? "frames" : argument.substring(0, Math.max(equals, 0)).strip();
        if (!keys.contains(key)) {
          throw keys.isEmpty()
              ? new IllegalArgumentException(name + " takes no arguments, but got '" + spec + "'")
              : unknown("argument of " + name, equals < 0 ? argument : key, keys);
        }
        if (arguments.put(key, argument.substring(equals + 1).strip()) != null) {
          throw new IllegalArgumentException("'" + spec + "' gives " + key + " twice");
        }
      }
    }
    return new PolicySpec(spec, arguments).changed(base);
  }

  static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static List<String> keys(Memory memory) {
    var components = memory.getClass().getRecordComponents();
    return Stream.of(components).map(component -> component.getName()).toList();
  }

  private Memory changed(Memory base) {
    return switch (base) {
      case FullMemory full -> full;
      case SlidingWindow window -> new SlidingWindow(integer("frames", window.frames()));
      case SinkWindow window ->
          new SinkWindow(
              integer("sink", window.sink()),
              integer("frames", window.frames()),
              choice("positions", window.positions()));
      case SlowFast memory ->
          new SlowFast(
              integer("sink", memory.sink()),
              integer("slow", memory.slow()),
              integer("fast", memory.fast()),
              number("threshold", memory.threshold()),
              integer("interval", memory.interval()),
              choice("eviction", memory.eviction()));
      case ReleasedSlowFast memory ->
          new ReleasedSlowFast(
              integer("sink", memory.sink()),
              integer("slow", memory.slow()),
              integer("fast", memory.fast()),
              number("threshold", memory.threshold()));
      case RollingWindow window ->
          new RollingWindow(integer("sink", window.sink()), integer("frames", window.frames()));
    };
  }

  private int integer(String key, int otherwise) {
    var value = arguments.get(key);
    try {
      return value == null ? otherwise : Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          key + " in '" + spec + "' is '" + value + "'; give a whole number such as " + otherwise,
          e);
    }
  }

  private double number(String key, double otherwise) {
    var value = arguments.get(key);
    try {
      return value == null ? otherwise : Double.parseDouble(value);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          key + " in '" + spec + "' is '" + value + "'; give a number such as " + otherwise, e);
    }
  }

  private <E extends Enum<E>> E choice(String key, E otherwise) {
    var value = arguments.get(key);
    if (value == null) {
      return otherwise;
    }
    var choices = otherwise.getDeclaringClass().getEnumConstants();
    for (var choice : choices) {
      if (word(choice).equals(value)) {
        return choice;
      }
    }
    throw unknown(key, value, Stream.of(choices).map(PolicySpec::word).toList());
  }

  private static IllegalArgumentException unknown(
      String what, String given, Collection<String> choices) {
    var nearest = choices.stream().min(Comparator.comparingInt(c -> distance(given, c)));
    return new IllegalArgumentException(
        "unknown "
            + what
            + " '"
            + given
            + "'; did you mean "
            + nearest.orElse("nothing")
            + "? There are "
            + String.join(", ", choices));
  }

  /** How many letters to insert, delete or replace. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
