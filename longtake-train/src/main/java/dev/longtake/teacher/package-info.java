/**
 * The context teacher of Context Forcing: a bidirectional transformer that continues a video from
 * up to 20 s of it, trained on clean footage and on its own errors (arXiv 2602.06028; Stable Video
 * Infinity's error-recycling fine-tuning).
 *
 * <p>A {@link dev.longtake.teacher.ContextLayout} says which frames it sees; a {@link
 * dev.longtake.teacher.RecyclingObjective} trains it, with errors of earlier passes from {@link
 * dev.longtake.teacher.ErrorBanks} in noise, target and context, towards the velocity of the clean
 * target; a {@link dev.longtake.teacher.TeacherContinuation} samples it.
 *
 * <pre>{@code
 * var teacher = new TeacherContinuation(
 *     model, ContextLayout.RELEASED, ContextTimestep.ZERO, "a red room", ContextTeacher.SAMPLING, 7);
 * teacher.remember(latents); // at least sink and motion window
 * var next = teacher.next(); // 21 latent frames, 5.25 s
 * }</pre>
 *
 * <p>Invariants: the context is the same clean latents in every pass of a sampler; frames that are
 * to stay clean are so bit for bit; only the target's frames have loss; banks are a function of
 * seed, ranks and steps, and are part of a checkpoint.
 */
@NullMarked
package dev.longtake.teacher;

import org.jspecify.annotations.NullMarked;
