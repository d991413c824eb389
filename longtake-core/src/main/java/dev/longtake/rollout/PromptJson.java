package dev.longtake.rollout;

import static dev.longtake.rollout.ModelConfig.CHUNK;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.longtake.checkpoint.Misread;
import dev.longtake.rollout.PromptSchedule.Shot;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** A schedule as one line of JSON; see {@link PromptFile} for its keys. */
final class PromptJson {
  private static final String PROMPTS = "prompts";
  private static final String SWITCHES = "switch_frame_indices";
  private static final String LENGTH = "num_output_frames";
  private static final Set<String> KEYS = Set.of(PROMPTS, SWITCHES, LENGTH);

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .build();

  private PromptJson() {}

  static PromptSchedule parse(String line) {
    var node = object(line);
    for (var key : node.properties()) {
      if (!KEYS.contains(key.getKey())) {
        throw new IllegalArgumentException(
            "unknown key '"
                + key.getKey()
                + "'; there are "
                + String.join(", ", PROMPTS, SWITCHES, LENGTH));
      }
    }
    var prompts = prompts(node.path(PROMPTS));
    var switches = frames(node.path(SWITCHES));
    if (switches.size() != prompts.size() - 1) {
      throw new IllegalArgumentException(
          prompts.size()
              + " prompts change "
              + (prompts.size() - 1)
              + " times, but "
              + SWITCHES
              + " has "
              + switches.size()
              + " entries; give the latent frame of each change");
    }
    var shots = new ArrayList<Shot>();
    for (int i = 0; i < prompts.size(); i++) {
      shots.add(new Shot(prompts.get(i), i == 0 ? 0 : Math.ceilDiv(switches.get(i - 1), CHUNK)));
    }
    return new PromptSchedule(shots, length(node.path(LENGTH)));
  }

  static String line(PromptSchedule schedule) {
    var node = MAPPER.createObjectNode();
    var prompts = node.putArray(PROMPTS);
    schedule.shots().forEach(shot -> prompts.add(shot.prompt()));
    var switches = node.putArray(SWITCHES);
    schedule.shots().stream().skip(1).forEach(shot -> switches.add(shot.start() * CHUNK));
    schedule.chunks().ifPresent(count -> node.put(LENGTH, count * CHUNK));
    return node.toString();
  }

  /** One JSON object and nothing after it. */
  static JsonNode object(String text) {
    try {
      var node = MAPPER.readTree(text);
      if (node.isObject()) {
        return node;
      }
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("is not JSON: " + Misread.of(e), e);
    }
    throw new IllegalArgumentException("is not a JSON object; write {\"prompts\": [...]}");
  }

  private static List<String> prompts(JsonNode node) {
    var prompts = new ArrayList<String>();
    for (var prompt : node) {
      if (!prompt.isTextual()) {
        throw new IllegalArgumentException(
            prompt + " in " + PROMPTS + " is no text; put each prompt in quotes");
      }
      prompts.add(prompt.textValue().strip());
    }
    if (!node.isArray() || prompts.isEmpty()) {
      throw new IllegalArgumentException("has no prompts; write {\"prompts\": [\"...\"]}");
    }
    return prompts;
  }

  /** A list of numbers, or as LongLive's settings have it, a text such as {@code "40, 80"}. */
  private static List<Integer> frames(JsonNode node) {
    var frames = new ArrayList<Integer>();
    if (node.isTextual()) {
      for (var number : node.textValue().split(",", -1)) {
        if (!number.strip().matches("\\d{1,9}")) {
          throw noFrame(number.strip());
        }
        frames.add(Integer.parseInt(number.strip()));
      }
      return frames;
    }
    if (!node.isArray() && !node.isMissingNode()) {
      throw noFrame(node.toString());
    }
    for (var number : node) {
      if (!number.isInt() || number.intValue() < 0) {
        throw noFrame(number.toString());
      }
      frames.add(number.intValue());
    }
    return frames;
  }

  private static IllegalArgumentException noFrame(String given) {
    return new IllegalArgumentException(
        SWITCHES + " holds " + given + "; give latent frames from 0, such as [40, 80]");
  }

  private static OptionalInt length(JsonNode node) {
    if (node.isMissingNode()) {
      return OptionalInt.empty();
    }
    int frames = node.isInt() ? node.intValue() : -1;
    if (frames < CHUNK || frames % CHUNK != 0) {
      throw new IllegalArgumentException(
          LENGTH + " is " + node + "; give latent frames, a multiple of " + CHUNK);
    }
    return OptionalInt.of(frames / CHUNK);
  }
}
