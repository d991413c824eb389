package dev.longtake.recipes;

import dev.longtake.distill.ContextKind;
import dev.longtake.distill.DistillConfig;
import dev.longtake.distill.DistillTraining;
import dev.longtake.optim.OrElse;
import dev.longtake.tensor.Dtype;
import dev.longtake.train.Activations;

/**
 * LongLive's long tuning as a baseline, {@code stage: streaming-tuning}: windows of a long rollout,
 * whose prompt may change on the way, are judged by a teacher that sees nothing from before them.
 *
 * <p>Each step rolls out anew up to its window. The published code carries a stream on over updates
 * and so saves passes; here the past of a window is the current student's, and a run goes on from
 * weights and moments alone.
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
 */
public record StreamingTuningRun(
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
    @OrElse("false") boolean replay)
    implements Distillation {
  /** Checks that the parts fit one another. */
  public StreamingTuningRun {
    Distillation.check(name, dtype, worlds, prompts, captionFrames, student, matching);
    if (matching.context() != ContextKind.NONE || matching.lead() == 0) {
      throw new IllegalArgumentException(
          "streaming-tuning shows its teacher the window only, whose first frames are old: give"
              + " context none and a lead of at least 3");
    }
    if (matching.rehearsal().share() > 0) {
      throw new IllegalArgumentException(
          "streaming-tuning scores no first frames, so that there is nothing to rehearse: give"
              + " rehearsal.share 0, or leave rehearsal out");
    }
  }

  @Override
  public String stage() {
    return "streaming-tuning";
  }
}
