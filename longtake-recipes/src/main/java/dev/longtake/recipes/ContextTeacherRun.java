package dev.longtake.recipes;

import dev.longtake.data.Skipped;
import dev.longtake.optim.OrElse;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.teacher.ContextCurriculum;
import dev.longtake.teacher.ContextLayout;
import dev.longtake.teacher.ErrorBanks;
import dev.longtake.teacher.ErrorExchange;
import dev.longtake.teacher.Recycling;
import dev.longtake.tensor.Dtype;
import dev.longtake.train.Activations;
import dev.longtake.train.TrainingConfig;
import java.nio.file.Path;

/**
 * A run that makes a context teacher of a model, {@code stage: context-teacher}: its transformer,
 * used bidirectionally, learns to continue videos from a long context and with its own errors in
 * it. Autoencoder and text encoder stay as they are.
 *
 * @param name of the teacher
 * @param from folder of the model that it starts from
 * @param dtype of the arithmetic on a GPU; the processor always computes in FLOAT32
 * @param footage what is continued; {@code memories} are the context's if {@code selection} is
 *     memory
 * @param layout which frames the teacher sees, in latent frames
 * @param selection who chooses the context: windows (the layout) or memory
 * @param batch videos that a device takes at a step, at least 1
 * @param least fewest latent frames before a target, at least 1; 4 a second
 * @param recycling how its errors are put back in
 * @param banks how many errors are kept; {@code megabytes} are per device
 * @param warmup last step, from 0, whose errors all devices get; −1 for none
 * @param sampling how the teacher is sampled unless told otherwise
 * @param training how the loop runs
 * @param activations whether the transformer's stay until the backward pass
 * @param samples what the model in training generates on the way, chunk by chunk as any model
 * @param data {@code world}, whose clips are filmed and encoded before the first step, {@code
 *     folder:PATH} or {@code cache:PATH}
 * @param adapter the low-rank change that is trained; if left out, all weights are
 */
public record ContextTeacherRun(
    String name,
    String from,
    Dtype dtype,
    TeacherFootage footage,
    ContextLayout layout,
    ContextCurriculum.Selection selection,
    int batch,
    int least,
    Recycling recycling,
    ErrorBanks.Config banks,
    long warmup,
    ModelConfig.Sampling sampling,
    TrainingConfig training,
    @OrElse("kept") Activations activations,
    @OrElse("{every: 0, seconds: 4, prompts: []}") TrainingRun.SampleStage samples,
    @OrElse("world") TrainingData data,
    @OrElse("{}") AdapterKeys adapter)
    implements Run {
  /** What run files call it. */
  static final String STAGE = "context-teacher";

  /** Checks that the parts fit one another. */
  public ContextTeacherRun {
    ClipSizes.check(dtype);
    if (name.isBlank() || from.isBlank()) {
      throw new IllegalArgumentException(
          "name and from must not be empty; give the teacher's name and a model folder");
    }
    if (warmup < -1) {
      throw new IllegalArgumentException("warmup must be at least -1, not " + warmup);
    }
    footage.check(data, selection);
    new ContextCurriculum(training.seed(), layout, selection, batch, least)
        .check(footage.shortest());
  }

  /** What each step trains on. */
  public ContextCurriculum curriculum() {
    return new ContextCurriculum(training.seed(), layout, selection, batch, least);
  }

  @Override
  public void carryOut(Workplace place) {
    var given = FolderKey.model("from", from);
    var folder = Path.of(from);
    var finished = given.named(name).sampled(sampling);
    var type = place.dtype(dtype);
    var clips =
        new LatentSources(
            data,
            folder,
            footage.latentFrames(),
            footage.shortest(),
            batch,
            training.seed(),
            place,
            type,
            new Skipped());
    try (var exchange = exchange(given, place)) {
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
          .carryOut(new RecyclingTeaching(this, given, clips, exchange, place));
    }
    clips.tellSkipped();
  }

  /** Empty banks for errors of the targets of all devices. */
  private ErrorExchange exchange(ModelConfig model, Workplace place) {
    return new ErrorExchange(
        banks,
        training.seed(),
        warmup,
        place.devices().size(),
        training.accumulate(),
        model.transformer().inDim(),
        layout.target(),
        model.video().latentRows(),
        model.video().latentColumns());
  }

  /** With so few worlds that they are filmed in a moment; a step costs what it always does. */
  @Override
  public Run tried() {
    return new ContextTeacherRun(
        name,
        from,
        dtype,
        footage.few(),
        layout,
        selection,
        batch,
        least,
        recycling,
        banks,
        warmup,
        sampling,
        training,
        activations,
        samples,
        data,
        adapter);
  }
}
