package dev.longtake.recipes;

import dev.longtake.train.Progress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Remembers what was said and which steps were logged with which tags, and may end the run at one.
 */
final class Ear implements RunWatcher {
  final List<String> said = new ArrayList<>();
  final List<String> steps = new ArrayList<>();
  final Set<String> tags = new TreeSet<>();
  private final String end;

  Ear(String end) {
    this.end = end;
  }

  @Override
  public void said(String text) {
    said.add(text);
  }

  @Override
  public Progress stage(String name) {
    return (step, steps, values) -> {
      var at = name + " " + step;
      this.steps.add(at);
      tags.addAll(values.keySet());
      if (at.equals(end)) {
        throw new IllegalStateException("killed at " + end);
      }
    };
  }
}
