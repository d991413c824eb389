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
 *     var video = VideoGenerator.start(model, VideoRequest.of("a red cube in a brick room"))) {
 *   while (video.seconds() < 60) {
 *     show(video.next()); // twelve frames
 *   }
 * }
 * }</pre>
 *
 * <p>The prompt may change before any chunk: {@code video.switchTo("a blue sphere",
 * PromptSwitch.RECOMPUTE)}, or by a {@link dev.longtake.rollout.PromptSchedule}, which {@link
 * dev.longtake.rollout.PromptLine} and {@link dev.longtake.rollout.PromptFile} read from what
 * people write. {@link dev.longtake.rollout.PromptSwitch} says what becomes of memory.
 *
 * <p>Invariants: what is generated depends on prompts, seed, model, memory and given video only;
 * frames are handed on before the next chunk is begun; memory use does not depend on length.
 */
@NullMarked
package dev.longtake.rollout;

import org.jspecify.annotations.NullMarked;
