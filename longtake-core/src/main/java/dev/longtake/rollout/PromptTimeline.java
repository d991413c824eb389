package dev.longtake.rollout;

import com.fasterxml.jackson.databind.JsonNode;
import dev.longtake.rollout.PromptSchedule.Shot;
import java.util.ArrayList;
import java.util.OptionalInt;

/**
 * A timeline as Scope exports it. Only its prompts are read; the settings beside them are those of
 * another program.
 */
final class PromptTimeline {
  /** Seconds that neighbours may overlap by rounding. */
  private static final double SLACK = 1e-3;

  private PromptTimeline() {}

  static PromptSchedule parse(String text, int fps) {
    var entries = PromptJson.object(text).path("prompts");
    if (!entries.isArray() || entries.isEmpty()) {
      throw new IllegalArgumentException(
          "has no prompts; write {\"prompts\": [{\"startTime\": 0, \"endTime\": 5, \"prompts\":"
              + " [{\"text\": \"...\", \"weight\": 1}]}]}");
    }
    var clock = new ChunkClock(fps);
    var shots = new ArrayList<Shot>();
    double end = 0;
    for (var entry : entries) {
      int number = shots.size() + 1;
      double start = seconds(entry, "startTime", number);
      if (start < end - SLACK) {
        throw new IllegalArgumentException(
            "prompt "
                + number
                + " starts at "
                + start
                + " s, before "
                + end
                + " s, where the one"
                + " before it ends; give one prompt at a time");
      }
      end = seconds(entry, "endTime", number);
      if (end <= start) {
        throw new IllegalArgumentException(
            "prompt "
                + number
                + " ends at "
                + end
                + " s and starts at "
                + start
                + " s; make endTime larger");
      }
      requireSudden(entry, number);
      shots.add(new Shot(prompt(entry, number), clock.atOrAfter(start)));
    }
    return new PromptSchedule(shots, OptionalInt.of(clock.atOrAfter(end)));
  }

  private static String prompt(JsonNode entry, int number) {
    var blend = entry.path("prompts");
    if (blend.size() > 1) {
      throw new IllegalArgumentException(
          "prompt "
              + number
              + " blends "
              + blend.size()
              + " prompts by weight, which is not done; leave one of them, or put all into one text");
    }
    var text = blend.isEmpty() ? entry.path("text") : blend.path(0).path("text");
    if (!text.isTextual()) {
      throw new IllegalArgumentException(
          "prompt "
              + number
              + " has no text; write \"prompts\": [{\"text\": \"...\", \"weight\": 1}]");
    }
    return text.textValue().strip();
  }

  private static void requireSudden(JsonNode entry, int number) {
    var steps = entry.path("transitionSteps");
    if (steps.asInt(0) > 0) {
      throw new IllegalArgumentException(
          "prompt "
              + number
              + " fades in over "
              + steps
              + " steps, which is not done; set transitionSteps to 0");
    }
  }

  private static double seconds(JsonNode entry, String key, int number) {
    var time = entry.path(key);
    double seconds = time.isNumber() ? time.doubleValue() : -1;
    if (!(seconds >= 0 && seconds <= ChunkClock.DAY)) {
      throw new IllegalArgumentException(
          "prompt "
              + number
              + " has "
              + (time.isMissingNode() ? "no " + key : key + " " + time)
              + "; give seconds from 0 to "
              + ChunkClock.DAY);
    }
    return seconds;
  }
}
