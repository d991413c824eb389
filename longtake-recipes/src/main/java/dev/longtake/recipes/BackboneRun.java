package dev.longtake.recipes;

import dev.longtake.optim.OrElse;
import dev.longtake.tensor.Dtype;
import dev.longtake.train.Activations;
import dev.longtake.train.BackboneObjective;
import dev.longtake.train.TrainingConfig;
import java.nio.file.Path;

/**
 * A bidirectional model from a given model's autoencoder and text encoder, {@code stage: backbone}.
 *
 * @param name of the model it leaves
 * @param from folder of the model whose encoders are used, and whose transformer's sizes
 * @param start of the transformer: {@code fresh}, drawn from the seed, or {@code given}, the
 *     model's own
 * @param data {@code world}, {@code world:COUNT}, {@code folder:PATH} or {@code cache:PATH}
 * @param latentFrames of a clip, at least 1; n latent frames are 1 + 4·(n − 1) pictures
 * @param batch clips that a device takes at a step, at least 1
 * @param dtype of the arithmetic on a GPU; the processor always computes in FLOAT32
 * @param objective noise levels and shares
 * @param training how the loop runs
 * @param activations whether the transformer's stay until the backward pass
 * @param samples what the model in training generates on the way, chunk by chunk as any model
 * @param adapter the low-rank change that is trained; if left out, all weights are
 */
public record BackboneRun(
    String name,
    String from,
    FirstWeights start,
    TrainingData data,
    int latentFrames,
    int batch,
    Dtype dtype,
    BackboneObjective.Config objective,
    TrainingConfig training,
    @OrElse("kept") Activations activations,
    @OrElse("{every: 0, seconds: 4, prompts: []}") TrainingRun.SampleStage samples,
    @OrElse("{}") AdapterKeys adapter)
    implements Run {
  private static final String STAGE = "backbone";

  /** Checks the sizes. */
  public BackboneRun {
    ClipSizes.check(latentFrames, batch, dtype);
    if (adapter.wanted() && start == FirstWeights.FRESH) {
      throw new IllegalArgumentException(
          "adapter is given and start is fresh; an adapter changes a given model: give start: given"
              + " or leave it out");
    }
  }

  @Override
  public Run tried() {
    return new BackboneRun(
        name,
        from,
        start,
        data.few(),
        latentFrames,
        batch,
        dtype,
        objective,
        training,
        activations,
        samples,
        adapter);
  }

  @Override
  public void carryOut(Workplace place) {
    var given = FolderKey.model("from", from);
    var folder = Path.of(from);
    var type = place.dtype(dtype);
    var sources =
        new LatentSources(data, folder, latentFrames, batch, training.seed(), place, type);
    var finished = given.named(name);
    new TransformerStage(
            STAGE, this, folder, start, adapter, finished, training, samples, type, place)
        .carryOut(
            new ClipTeaching(
                sources,
                (model, batches) ->
                    activations.of(
                        passage ->
                            new BackboneObjective(
                                model.through(passage), batches, objective, type))));
    sources.tellSkipped();
  }
}
