/**
 * Distillation by distribution matching: a causal student learns, on its own rollouts, to give few
 * steps' videos the distribution of a teacher's (DMD: Yin et al. 2024; on rollouts: Self-Forcing,
 * arXiv 2506.08009; given what the student remembers: Context Forcing, arXiv 2602.06028).
 *
 * <p>Three networks: the generator, the teacher, which stays as it is, and the critic, which learns
 * what the generator makes. Where teacher and critic differ about a noisy copy of what the
 * generator made, the difference is the gradient ({@link dev.longtake.distill.Dmd}).
 *
 * <pre>
 *   Script        what a rollout is told: length, prompts, what of a true video is Given
 *   SelfRollout   latents of the generator, through its memory, gradients in exit passes only
 *   Framing       which of them teacher and critic are shown, as context and as target
 *   ScoreNetwork  flows of the noisy target
 *   Dmd           gradient and losses, pure functions
 *   DistillObjective   one turn of generator or critic; DistillLoop  alternates them
 * </pre>
 *
 * <table>
 * <caption>Methods are settings of one objective</caption>
 * <tr><th>stage</th><th>rollout, latents</th><th>judged</th><th>context</th></tr>
 * <tr><td>local DMD (eq. 4)</td><td>21</td><td>all</td><td>none</td></tr>
 * <tr><td>contextual DMD (eq. 6)</td><td>84 and more, growing; the first ones may be a true
 * video's; some, as rehearsals, 21</td><td>the last 21</td><td>what memory
 * holds, or the 21 before</td></tr>
 * <tr><td>streaming tuning (LongLive)</td><td>21 to 237</td><td>the last 21, of which 18 new</td>
 * <td>none</td></tr>
 * </table>
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>A rollout is generation: the same plans, positions, noise levels and clean passes. What is
 *       given is remembered as what was made.
 *   <li>Gradients reach the generator through the exit pass of judged chunks and through nothing
 *       else: what memory holds is cut off, and no pass writes to it while it runs.
 *   <li>Frames without gradient count neither in a loss nor in its normaliser.
 *   <li>A guidance of 3 is {@code u + 3·(c − u)}.
 *   <li>Length, exit, change of prompt, how much is given and what is rehearsed are drawn from
 *       (seed, turn): equal on all devices.
 * </ul>
 */
@NullMarked
package dev.longtake.distill;

import org.jspecify.annotations.NullMarked;
