package dev.longtake.recipes;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.longtake.distill.TurnPart;
import dev.longtake.eval.Machine;
import dev.longtake.eval.NetworkSize;
import dev.longtake.eval.Reporter;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What a step of contextual DMD takes with a network of a published size, without its files: random
 * weights take as long as trained ones.
 *
 * @param method how it was measured, in a sentence
 * @param machine on what
 * @param network which sizes
 * @param device on what part of the machine
 * @param dtype of the arithmetic
 * @param context what teacher and critic were shown before the judged frames
 * @param activations what became of those of the network that learns
 * @param exitGradient how exit passes were differentiated
 * @param headline what it comes to; in JSON its keys stand beside the others
 * @param generator parts of the generator's turn
 * @param critic parts of the critic's turn
 * @param standing what memory holds throughout
 */
public record DistillTimes(
    String method,
    Machine machine,
    String network,
    String device,
    String dtype,
    String context,
    String activations,
    String exitGradient,
    @JsonUnwrapped Headline headline,
    List<Part> generator,
    List<Part> critic,
    List<Standing> standing) {
  private static final double GIB = 1L << 30;
  private static final String METHOD =
      "Contextual DMD of one video, random weights and prompts. The student rolls out 84 latent"
          + " frames through its slow-fast memory with cached keys: 28 chunks of four denoising"
          + " passes and a clean one, the last 7 chunks judged at their last pass. Teacher, with"
          + " and without the prompt, and critic see the 21 judged frames after a context: the 21"
          + " before them, the first of which is encoded anew from its picture, or the 18 that"
          + " memory held. Times are medians in milliseconds, the device being waited for"
          + " after each part. Weights, gradients, moments and moving average are FLOAT32, the"
          + " teacher is in the type of the arithmetic. peak_gib: the most that tensors took on a"
          + " GPU, on a processor the most resident; without a text encoder.";

  /**
   * The numbers that others are compared by.
   *
   * @param generatorStepMs of the generator's whole turn
   * @param criticStepMs of the critic's whole turn
   * @param peakGib the most memory of both, 2^30 bytes
   * @param generatorPeakGib of the generator's turn
   * @param criticPeakGib of the critic's turn; on a processor no less than the generator's
   * @param standingGib what is there throughout, counted
   */
  public record Headline(
      double generatorStepMs,
      double criticStepMs,
      double peakGib,
      double generatorPeakGib,
      double criticPeakGib,
      double standingGib) {}

  /**
   * A part of a turn.
   *
   * @param part such as {@code past}, see {@link TurnPart}
   * @param milliseconds median
   * @param share of the turn, 0 to 1
   */
  public record Part(String part, double milliseconds, double share) {}

  /** Something that memory holds throughout, counted. */
  public record Standing(String what, double gib) {}

  /** Copies the lists. */
  public DistillTimes {
    generator = List.copyOf(generator);
    critic = List.copyOf(critic);
    standing = List.copyOf(standing);
  }

  /**
   * Measures, after one step that does not count.
   *
   * @param runs how often, at least 1
   */
  public static DistillTimes measure(
      NetworkSize size,
      Device device,
      Dtype dtype,
      DistillSettings settings,
      int runs,
      Reporter reporter) {
    if (runs < 1) {
      throw new IllegalArgumentException("runs must be at least 1, not " + runs);
    }
    var generator = new ArrayList<TurnClock.Turn>();
    var critic = new ArrayList<TurnClock.Turn>();
    try (var troupe = RandomTroupe.of(size, device, dtype, settings)) {
      reporter.say("three networks of " + size.name() + " are drawn");
      for (int run = 0; run <= runs; run++) {
        var turns = troupe.step();
        reporter.say(
            String.format(
                Locale.ROOT,
                "%s: generator %.0f ms, critic %.0f ms",
                run == 0 ? "warm-up" : "run " + run + " of " + runs,
                total(turns.getFirst()),
                total(turns.getLast())));
        if (run > 0) {
          generator.add(turns.getFirst());
          critic.add(turns.getLast());
        }
      }
      var standing = troupe.standing();
      double generatorPeak = peak(generator);
      double criticPeak = peak(critic);
      return new DistillTimes(
          METHOD,
          Machine.with(device),
          size.name(),
          device.toString(),
          DistillSettings.word(dtype),
          DistillSettings.word(settings.context()),
          DistillSettings.word(settings.activations()),
          DistillSettings.word(settings.exitGradient()),
          new Headline(
              median(generator.stream().mapToDouble(DistillTimes::total).toArray()),
              median(critic.stream().mapToDouble(DistillTimes::total).toArray()),
              Math.max(generatorPeak, criticPeak),
              generatorPeak,
              criticPeak,
              standing.stream().mapToDouble(Standing::gib).sum()),
          parts(generator),
          parts(critic),
          standing);
    }
  }

  /** So many bytes. */
  static Standing standing(String what, long bytes) {
    return new Standing(what, bytes / GIB);
  }

  private static List<Part> parts(List<TurnClock.Turn> turns) {
    double all = median(turns.stream().mapToDouble(DistillTimes::total).toArray());
    return turns.getFirst().milliseconds().keySet().stream()
        .map(
            part -> {
              double took =
                  median(
                      turns.stream()
                          .mapToDouble(turn -> turn.milliseconds().getOrDefault(part, 0.0))
                          .toArray());
              return new Part(DistillSettings.word(part), took, took / all);
            })
        .toList();
  }

  private static double total(TurnClock.Turn turn) {
    return turn.milliseconds().values().stream().mapToDouble(Double::doubleValue).sum();
  }

  private static double peak(List<TurnClock.Turn> turns) {
    return turns.stream().mapToLong(TurnClock.Turn::peakBytes).max().orElse(0) / GIB;
  }

  private static double median(double[] times) {
    Arrays.sort(times);
    return (times[(times.length - 1) / 2] + times[times.length / 2]) / 2;
  }
}
