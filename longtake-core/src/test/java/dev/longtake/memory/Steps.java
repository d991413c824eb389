package dev.longtake.memory;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A run of a policy over chunks, step by step. */
final class Steps {
  /** One chunk: what was held before it, the plan, and what is held after it. */
  record Step(Held before, Plan plan, Held after) {

    /**
     * Such as {@code 0 1 2 | 3 4 5 | 6* 7 8 | 9 10 11}: regions, then the chunk; * is a keyframe.
     */
    String row() {
      var chunk = new ArrayList<Slot>();
      for (int frame = before.frames(); frame < after.frames(); frame++) {
        chunk.add(new Slot(frame, Region.FAST));
      }
      return row(Region.SINK)
          + " | "
          + row(Region.SLOW)
          + " | "
          + row(Region.FAST)
          + " | "
          + row(chunk);
    }

    private String row(Region region) {
      return row(plan.past().stream().filter(slot -> slot.region() == region).toList());
    }

    private static String row(List<Slot> slots) {
      return slots.isEmpty()
          ? "-"
          : slots.stream()
              .map(slot -> slot.frame() + (slot.keyframe() ? "*" : ""))
              .collect(Collectors.joining(" "));
    }

    /** Latent frames from the oldest frame attended outside the sink to the end of the chunk. */
    int reach() {
      return after.frames()
          - plan.past().stream()
              .filter(slot -> slot.region() != Region.SINK)
              .mapToInt(Slot::frame)
              .min()
              .orElse(before.frames());
    }
  }

  private Steps() {}

  static Step step(MemoryPolicy policy, Held held, int chunk, Views views) {
    var plan = policy.plan(held, chunk);
    return new Step(held, plan, policy.remember(held, plan, views.holding(held, plan)));
  }

  /** Chunks of three frames from the beginning. */
  static List<Step> run(MemoryPolicy policy, int chunks, Views views) {
    var steps = new ArrayList<Step>();
    var held = Held.empty();
    for (int i = 0; i < chunks; i++) {
      var step = step(policy, held, 3, views);
      steps.add(step);
      held = step.after();
    }
    return steps;
  }

  static String table(List<Step> steps) {
    return steps.stream().map(Step::row).collect(Collectors.joining("\n"));
  }
}
