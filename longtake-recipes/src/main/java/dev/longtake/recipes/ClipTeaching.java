package dev.longtake.recipes;

import dev.longtake.data.LatentSource;
import dev.longtake.tensor.Device;
import dev.longtake.train.Objective;
import dev.longtake.train.VideoBatch;
import dev.longtake.wan.WanTransformer;
import java.util.function.BiFunction;
import java.util.function.LongFunction;

/**
 * Learns from whole clips, wherever they come from.
 *
 * @param sources opens them
 * @param objective made of a transformer and the batches of its device
 */
record ClipTeaching(
    LatentSources sources,
    BiFunction<WanTransformer, LongFunction<VideoBatch>, Objective> objective)
    implements TransformerStage.Teaching {

  private record Clips(LatentSource source, Objective objective)
      implements TransformerStage.Lesson {
    @Override
    public void close() {
      source.close();
    }
  }

  @Override
  public void check() {
    sources.check();
  }

  @Override
  public TransformerStage.Lesson on(Device device, int rank, WanTransformer model) {
    var source = sources.open(device, rank);
    LongFunction<VideoBatch> batches =
        step -> {
          var batch = source.at(step);
          return new VideoBatch(batch.latents(), batch.text());
        };
    return new Clips(source, objective.apply(model, batches));
  }

  @Override
  public String batch() {
    return sources.each() + " clips";
  }

  @Override
  public String description() {
    return sources.description();
  }
}
