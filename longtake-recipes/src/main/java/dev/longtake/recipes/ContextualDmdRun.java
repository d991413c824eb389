package dev.longtake.recipes;

import dev.longtake.distill.ContextKind;
import dev.longtake.distill.DistillConfig;
import dev.longtake.distill.DistillTraining;
import dev.longtake.optim.OrElse;
import dev.longtake.tensor.Dtype;
import dev.longtake.train.Activations;

/**
 * Distribution matching of long rollouts given what came before, {@code stage: contextual-dmd}:
 * stage 2 of Context Forcing, in which the last latent frames of a rollout are judged by a teacher
 * that is shown earlier ones (eq. 6 of the paper).
 *
 * @param name of the student
 * @param student what is distilled
 * @param teacher what it is distilled from
 * @param critic what the critic begins as; the teacher if left out
 * @param dtype of the arithmetic on a GPU; the processor always computes in FLOAT32
 * @param worlds how many worlds' captions are the prompts, at least 1; not asked where prompts are
 *     a file's
 * @param matching what generator and critic learn
 * @param training how the loop runs
 * @param activations what becomes of those of the network that learns: recomputed needs less memory
 *     and gives the same gradients
 * @param samples what the student generates on the way
 * @param prompts a file with a prompt a line, or {@code world} for captions of the world
 * @param captionFrames length of the longest clips, in latent frames, that captions of the world
 *     tell of; the shortest are as long as the longest rollouts, and so are all if this is 0
 * @param adapter the low-rank change of generator and critic that is trained; if left out, all
 *     their weights are
 * @param replay whether, on a GPU, passes are recorded once and replayed as a whole, the backward
 *     ones included where activations are kept: sooner for a small network, for memory; exit passes
 *     are then made again for their gradients, whatever {@code exit_gradient} says
 * @param past true videos of the world that rollouts go on from; none if left out
 */
public record ContextualDmdRun(
    String name,
    StudentKeys student,
    TeacherKeys teacher,
    @OrElse("{}") CriticKeys critic,
    Dtype dtype,
    @OrElse("100000") int worlds,
    DistillConfig matching,
    DistillTraining training,
    @OrElse("kept") Activations activations,
    @OrElse("{every: 0, seconds: 4, prompts: []}") TrainingRun.SampleStage samples,
    @OrElse("world") String prompts,
    @OrElse("0") int captionFrames,
    @OrElse("{}") AdapterKeys adapter,
    @OrElse("false") boolean replay,
    @OrElse("{}") PastKeys past)
    implements Distillation {
  /** Checks that the parts fit one another. */
  public ContextualDmdRun {
    Distillation.check(name, dtype, worlds, prompts, captionFrames, student, matching);
    if (matching.context() == ContextKind.NONE) {
      throw new IllegalArgumentException(
          "contextual-dmd needs context memory or contiguous; without context it is local-dmd or"
              + " streaming-tuning");
    }
    Distillation.checkOnePrompt("contextual-dmd", matching);
    past.check(matching);
  }

  @Override
  public String stage() {
    return "contextual-dmd";
  }

  /** With so few worlds that they are filmed in a moment. */
  @Override
  public Run tried() {
    return new ContextualDmdRun(
        name,
        student,
        teacher,
        critic,
        dtype,
        worlds,
        matching,
        training,
        activations,
        samples,
        prompts,
        captionFrames,
        adapter,
        replay,
        past.few());
  }
}
