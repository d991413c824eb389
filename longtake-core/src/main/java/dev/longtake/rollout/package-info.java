/**
 * Generation chunk by chunk, for any length at constant memory.
 *
 * <p>Here the transformer, its memory and the diffusion meet. For each chunk a {@link
 * dev.longtake.rollout.Rollout} plans the memory, denoises, passes the clean chunk once more to
 * keep its keys and values, and hands the latents on; a {@link dev.longtake.rollout.VideoGenerator}
 * puts the text encoder before it and the streaming video decoder behind it.
 *
 * <p>A {@link dev.longtake.rollout.VideoModel} is read from this project's own folder, or from any
 * {@link dev.longtake.rollout.ModelParts}, which say where its networks' weights are and what their
 * files call them.
 *
 * <pre>{@code
 * try (var model = VideoModel.open(Path.of("models/longtake-mini"), Device.CPU, Dtype.FLOAT32);
 *     var video = VideoGenerator.start(model, VideoRequest.of(model.config(), "a brick room"))) {
 *   while (video.seconds() < 60) {
 *     show(video.next()); // twelve pictures, of the first chunk nine
 *   }
 * }
 * }</pre>
 *
 * <p>The prompt may change before any chunk: {@code video.switchTo("a blue sphere",
 * PromptSwitch.RECOMPUTE)}, or by a {@link dev.longtake.rollout.PromptSchedule}, which {@link
 * dev.longtake.rollout.PromptLine} and {@link dev.longtake.rollout.PromptFile} read from what
 * people write. {@link dev.longtake.rollout.PromptSwitch} says what becomes of memory.
 *
 * <p>{@link dev.longtake.rollout.VideoGenerator#begin} with {@link dev.longtake.rollout.Overlap#ON}
 * decodes a chunk while the next one is denoised.
 *
 * <p>Invariants: what is generated depends on prompts, seed, model, sampler, memory and given video
 * only; decoding is at most one chunk behind; memory use does not depend on length, but under
 * {@link dev.longtake.memory.FullMemory}.
 */
@NullMarked
package dev.longtake.rollout;

import org.jspecify.annotations.NullMarked;
