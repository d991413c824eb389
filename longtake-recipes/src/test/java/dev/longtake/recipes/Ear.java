package dev.longtake.recipes;

import dev.longtake.train.Progress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Remembers what was said and which steps were logged with which tags, and may do something at one.
 */
final class Ear implements RunWatcher {
  final List<String> said = new ArrayList<>();
  final List<String> steps = new ArrayList<>();
  final Set<String> tags = new TreeSet<>();
  private final String at;
  private final Runnable what;

  /** Ends the run at a step as if the process were killed. */
  Ear(String end) {
    this(
        end,
        () -> {
          throw new IllegalStateException("killed at " + end);
        });
  }

  /** Does something at a step, such as {@code causal 2}, or once something was said. */
  Ear(String at, Runnable what) {
    this.at = at;
    this.what = what;
  }

  @Override
  public void said(String text) {
    said.add(text);
    if (text.equals(at)) {
      what.run();
    }
  }

  @Override
  public Progress stage(String name) {
    return (step, steps, values) -> {
      var now = name + " " + step;
      this.steps.add(now);
      tags.addAll(values.keySet());
      if (now.equals(at)) {
        what.run();
      }
    };
  }
}
