package dev.longtake.cli;

import dev.longtake.recipes.RunWatcher;
import dev.longtake.train.Progress;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Tells how a training run goes: a line that is drawn over on a terminal, a line an entry
 * elsewhere.
 */
record TrainingProgress(Terminal terminal) implements RunWatcher {
  private static final int BAR = 24;

  @Override
  public void said(String text) {
    if (terminal.columns() > 0) {
      terminal.err().print("\r\033[K"); // the line that is drawn over has no end
    }
    terminal.say(text);
  }

  @Override
  public Progress stage(String name) {
    return (step, steps, values) -> {
      var line = line(name, step + 1, steps, values);
      if (terminal.columns() > 0 && step + 1 < steps) {
        int room = Math.min(line.length(), terminal.columns() - 1);
        terminal.err().print("\r\033[K" + line.substring(0, room));
        terminal.err().flush();
      } else {
        terminal.err().println((terminal.columns() > 0 ? "\r\033[K" : "") + line);
      }
    };
  }

  private static String line(String name, long done, long steps, Map<String, Double> values) {
    double perStep = values.getOrDefault("per iteration time", 0.0);
    var left = Duration.ofSeconds(Math.round((steps - done) * perStep));
    int filled = (int) (BAR * done / steps);
    var numbers =
        values.entrySet().stream()
            .filter(entry -> !entry.getKey().equals("per iteration time"))
            .map(entry -> String.format(Locale.ROOT, ", %s %.4g", entry.getKey(), entry.getValue()))
            .collect(Collectors.joining());
    return String.format(
        Locale.ROOT,
        "%s [%s%s] %d/%d, %.0f ms/step, %d:%02d:%02d left%s",
        name,
        "=".repeat(filled),
        " ".repeat(BAR - filled),
        done,
        steps,
        perStep * 1e3,
        left.toHours(),
        left.toMinutesPart(),
        left.toSecondsPart(),
        numbers);
  }
}
