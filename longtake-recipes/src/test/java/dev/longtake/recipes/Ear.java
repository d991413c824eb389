package dev.longtake.recipes;

import dev.longtake.train.Progress;
import java.util.ArrayList;
import java.util.List;

/** Remembers what was said and which steps were logged, and may end the run at one. */
final class Ear implements RunWatcher {
  final List<String> said = new ArrayList<>();
  final List<String> steps = new ArrayList<>();
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
      if (at.equals(end)) {
        throw new IllegalStateException("killed at " + end);
      }
    };
  }
}
