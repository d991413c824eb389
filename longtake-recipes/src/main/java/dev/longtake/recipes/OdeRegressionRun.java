package dev.longtake.recipes;

import dev.longtake.data.Cursor;
import dev.longtake.data.ShardFolder;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.optim.OrElse;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.ModelConfig.SamplerKind;
import dev.longtake.rollout.Recall;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.train.Activations;
import dev.longtake.train.Objective;
import dev.longtake.train.OdeRegressionObjective;
import dev.longtake.train.TrainingConfig;
import dev.longtake.wan.WanTransformer;
import java.nio.file.Path;

/**
 * A causal student of few steps from a teacher's trajectories, {@code stage: ode-regression}. The
 * model it leaves is sampled at the trajectories' levels.
 *
 * @param name of the model it leaves
 * @param from folder of the model that the student begins as
 * @param pairs folder of what {@code stage: ode-pairs} made
 * @param batch trajectories that a device takes at a step, at least 1
 * @param memory what the model it leaves looks back at, as {@link MemoryPolicies#parse} reads it
 * @param dtype of the arithmetic on a GPU; the processor always computes in FLOAT32
 * @param objective what a block sees, and which levels it stands at
 * @param training how the loop runs
 * @param activations whether the transformer's stay until the backward pass
 * @param samples what the model in training generates on the way, chunk by chunk as any model
 * @param adapter the low-rank change that is trained; if left out, all weights are
 */
public record OdeRegressionRun(
    String name,
    String from,
    String pairs,
    int batch,
    String memory,
    Dtype dtype,
    OdeRegressionObjective.Config objective,
    TrainingConfig training,
    @OrElse("kept") Activations activations,
    @OrElse("{every: 0, seconds: 4, prompts: []}") TrainingRun.SampleStage samples,
    @OrElse("{}") AdapterKeys adapter)
    implements Run {
  private static final String STAGE = "ode-regression";

  /** Checks the sizes. */
  public OdeRegressionRun {
    ClipSizes.check(1, batch, dtype);
    MemoryKey.check("memory", memory);
  }

  private record Lesson(Objective objective) implements TransformerStage.Lesson {
    @Override
    public void close() {}
  }

  @Override
  public void carryOut(Workplace place) {
    var start = FolderKey.model("from", from);
    var folder = Path.of(from);
    var made = FolderKey.existing("pairs", pairs, "a run of stage ode-pairs leaves it");
    try (var shards = ShardFolder.open(made)) {
      requireFitting(shards, folder);
      float[] levels = OdePairs.levels(shards);
      var given = start.named(name).remembering(memory, Recall.CACHED);
      double shift = Double.parseDouble(shards.fact("shift"));
      var sampling = new ModelConfig.Sampling(SamplerKind.FEW_STEP, levels.length - 1, shift, 1);
      var finished = given.sampled(sampling);
      var type = place.dtype(dtype);
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
          .carryOut(teaching(shards, levels, place));
    }
  }

  private void requireFitting(ShardFolder shards, Path folder) {
    if (!shards.fact("content").equals("ode-pairs")) {
      throw new IllegalArgumentException(
          pairs + " holds " + shards.fact("content") + "; give what stage: ode-pairs made");
    }
    if (!shards.fact(EncodedWith.MODEL).equals(EncodedWith.encoders(folder))) {
      throw new IllegalArgumentException(
          pairs + " was made with other encoders than " + from + " has; make both of one model");
    }
    ClipSizes.check(Integer.parseInt(shards.fact("latent_frames")), objective.block());
  }

  private TransformerStage.Teaching teaching(ShardFolder shards, float[] levels, Workplace place) {
    var cursor = new Cursor(training.seed(), shards.size(), batch, place.devices().size());
    var type = place.dtype(dtype);
    return new TransformerStage.Teaching() {
      @Override
      public TransformerStage.Lesson on(Device device, int rank, WanTransformer model) {
        var source = new OdePairs(shards, cursor, rank, device);
        return new Lesson(
            activations.of(
                passage ->
                    new OdeRegressionObjective(
                        model.through(passage), source::at, levels, objective, type)));
      }

      @Override
      public String batch() {
        return batch + " trajectories";
      }

      @Override
      public String description() {
        return shards.size() + " trajectories of teacher " + shards.fact("teacher");
      }
    };
  }
}
