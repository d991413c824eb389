package dev.longtake.recipes;

import dev.longtake.memory.MemoryPolicies;
import dev.longtake.optim.OrElse;
import dev.longtake.rollout.Recall;
import dev.longtake.tensor.Dtype;
import dev.longtake.train.Activations;
import dev.longtake.train.ForcingObjective;
import dev.longtake.train.TrainingConfig;
import java.nio.file.Path;

/**
 * A bidirectional model made causal by diffusion forcing or teacher forcing, {@code stage:
 * causal-start}.
 *
 * @param name of the model it leaves
 * @param from folder of the bidirectional model
 * @param data {@code world}, {@code world:COUNT}, {@code folder:PATH} or {@code cache:PATH}
 * @param latentFrames of a clip, a multiple of the objective's block
 * @param batch clips that a device takes at a step, at least 1
 * @param memory what the model it leaves looks back at, as {@link MemoryPolicies#parse} reads it
 * @param dtype of the arithmetic on a GPU; the processor always computes in FLOAT32
 * @param objective noise levels and shares
 * @param training how the loop runs
 * @param activations whether the transformer's stay until the backward pass
 * @param samples what the model in training generates on the way, chunk by chunk as any model
 * @param adapter the low-rank change that is trained; if left out, all weights are
 */
public record CausalStartRun(
    String name,
    String from,
    TrainingData data,
    int latentFrames,
    int batch,
    String memory,
    Dtype dtype,
    ForcingObjective.Config objective,
    TrainingConfig training,
    @OrElse("kept") Activations activations,
    @OrElse("{every: 0, seconds: 4, prompts: []}") TrainingRun.SampleStage samples,
    @OrElse("{}") AdapterKeys adapter)
    implements Run {
  private static final String STAGE = "causal-start";

  /** Checks the sizes. */
  public CausalStartRun {
    ClipSizes.check(latentFrames, batch, dtype);
    ClipSizes.check(latentFrames, objective.block());
    MemoryKey.check("memory", memory);
  }

  @Override
  public Run tried() {
    return new CausalStartRun(
        name,
        from,
        data.few(),
        latentFrames,
        batch,
        memory,
        dtype,
        objective,
        training,
        activations,
        samples,
        adapter);
  }

  @Override
  public void carryOut(Workplace place) {
    var given = FolderKey.model("from", from).named(name);
    var folder = Path.of(from);
    var type = place.dtype(dtype);
    var sources =
        new LatentSources(data, folder, latentFrames, batch, training.seed(), place, type);
    var finished = given.remembering(memory, Recall.CACHED);
    new TransformerStage(
            STAGE,
            this,
            folder,
            FirstWeights.GIVEN,
            adapter,
            finished,
            training,
            samples,
            type,
            place)
        .carryOut(
            new ClipTeaching(
                sources,
                (model, batches) ->
                    activations.of(
                        passage ->
                            new ForcingObjective(
                                model.through(passage), batches, objective, type))));
    sources.tellSkipped();
  }
}
