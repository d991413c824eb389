package dev.longtake.recipes;

import dev.longtake.distill.ContextKind;
import dev.longtake.distill.ExitGradient;
import dev.longtake.train.Activations;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * How the step is made that {@link DistillTimes} measures.
 *
 * @param context what teacher and critic are shown: {@code CONTIGUOUS} or {@code MEMORY}
 * @param exitGradient how exit passes are differentiated
 * @param activations what becomes of those of the network that learns
 */
public record DistillSettings(
    ContextKind context, ExitGradient exitGradient, Activations activations) {
  private static final String STAGE = "contextual-dmd";

  /** Refuses what is not contextual. */
  public DistillSettings {
    if (context == ContextKind.NONE) {
      throw new IllegalArgumentException("context is none; " + STAGE + " has contiguous or memory");
    }
  }

  /**
   * As a command has them: context as released, exit passes in the least memory.
   *
   * @param stage whose step it is; {@code contextual-dmd}
   * @throws IllegalArgumentException naming the option and what there is
   */
  public static DistillSettings parse(String stage, String activations) {
    if (!stage.equals(STAGE)) {
      throw new IllegalArgumentException("no training '" + stage + "' is timed; give " + STAGE);
    }
    return new DistillSettings(
        ContextKind.CONTIGUOUS,
        ExitGradient.REPLAYED,
        choice("--activations", Activations.class, activations));
  }

  private static <E extends Enum<E>> E choice(String option, Class<E> of, String value) {
    var constants = of.getEnumConstants();
    return Arrays.stream(constants)
        .filter(one -> word(one).equals(value))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    option
                        + " is '"
                        + value
                        + "'; give "
                        + Arrays.stream(constants)
                            .map(DistillSettings::word)
                            .collect(Collectors.joining(" or "))));
  }

  /** As it is written. */
  static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
