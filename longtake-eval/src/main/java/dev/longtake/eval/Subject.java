package dev.longtake.eval;

import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Threads;
import java.util.Locale;

/**
 * What was measured, and on what.
 *
 * @param model its name
 * @param parameters how many numbers its weights are
 * @param width of its pictures, pixels
 * @param height of its pictures, pixels
 * @param sampler how it was sampled, such as {@code euler, 8 steps, shift 3.0, guidance 1.0}
 * @param recall where the keys of remembered frames come from
 * @param device where it ran
 * @param dtype type of weights and arithmetic
 * @param arithmetic how transformer and autoencoder compute, as {@code --arithmetic} spells it
 * @param textEncoder where the text encoder was, as {@code --text-encoder} spells it
 * @param threads of the processor within an operator
 * @param natives which LibTorch
 * @param java version of Java
 */
public record Subject(
    String model,
    long parameters,
    int width,
    int height,
    String sampler,
    String recall,
    String device,
    String dtype,
    String arithmetic,
    String textEncoder,
    int threads,
    String natives,
    String java) {

  /** Of a model as it was loaded and is sampled unless told otherwise. */
  public static Subject of(VideoModel model) {
    var config = model.config();
    var sampling = config.sampling();
    return new Subject(
        config.name(),
        model.parameters(),
        config.video().width(),
        config.video().height(),
        String.format(
            Locale.ROOT,
            "%s, %d steps, shift %s, guidance %s",
            sampling.kind().name().toLowerCase(Locale.ROOT),
            sampling.steps(),
            sampling.shift(),
            sampling.guidance()),
        config.recall().name().toLowerCase(Locale.ROOT),
        model.device().toString(),
        model.dtype().name().toLowerCase(Locale.ROOT),
        model.arithmetic().toString(),
        model.text().residence().word(),
        Threads.get(),
        Device.natives(),
        Runtime.version().toString());
  }
}
