/**
 * What a causal model may look back at while it goes on generating.
 *
 * <p>A causal video model sees the past as keys and values of earlier latent frames. Attending all
 * of them costs more with every chunk, and positions soon leave the range the model was trained on;
 * attending only the latest forgets whatever left the picture. A {@link
 * dev.longtake.memory.MemoryPolicy} decides which frames to keep, and where in time they stand.
 * Deciding is apart from doing: policies are pure functions over frame numbers, {@code KvStore}
 * carries their plans out on tensors. So a memory can be tested, printed and drawn without a model.
 *
 * <pre>{@code
 * var policy = MemoryPolicies.policy("slow-fast-redundant");
 * var held = Held.empty();
 * for (...) {                                         // chunk by chunk
 *   var plan = policy.plan(held, 3);                  // which frames, at which positions
 *   ...                                               // denoise against plan.past(), clean pass
 *   held = policy.remember(held, plan, keys);         // decided for all layers at once
 * }
 * }</pre>
 *
 * <table>
 * <caption>The policies, in latent frames of a quarter of a second</caption>
 * <tr><th>policy</th><th>attends, the chunk included</th><th>positions</th></tr>
 * <tr><td>{@link dev.longtake.memory.FullMemory}</td><td>everything</td><td>frame numbers</td></tr>
 * <tr><td>{@link dev.longtake.memory.SlidingWindow}</td><td>the last 21</td><td>frame numbers</td>
 * </tr>
 * <tr><td>{@link dev.longtake.memory.SinkWindow}</td><td>the first 3 and the last 9 (LongLive), the
 * first and the last 5 (Infinity-RoPE)</td><td>frame numbers, or slots</td></tr>
 * <tr><td>{@link dev.longtake.memory.SlowFast}</td><td>the first 3, 12 chosen, the last 6</td><td>
 * slots 0 to 20</td></tr>
 * </table>
 *
 * <p>Beside the policies stands {@link dev.longtake.memory.ReleasedSlowFast}, which is the memory
 * of the code released with Context Forcing to the letter. It decides in every layer and every
 * pass, so there is nothing to plan: {@code ReleasedSlots} are its moves, tested without tensors,
 * {@code ReleasedStore} makes them. {@link dev.longtake.memory.RollingWindow} is Rolling Forcing's,
 * which plans twice a chunk, for the chunks that are denoised together and for the clean pass of
 * the first of them; {@code RollingStore} carries that out. {@link dev.longtake.memory.Memory} is
 * any of these.
 *
 * <p>Invariants, proven over random runs for each policy:
 *
 * <ul>
 *   <li>Never more than {@link dev.longtake.memory.MemoryPolicy#capacity} frames are attended.
 *   <li>The sink, once filled, never changes; fast memory is exactly the latest frames.
 *   <li>No frame is held twice, and one that was dropped never comes back.
 *   <li>Slots are in the order of time, and positions strictly increase with it.
 *   <li>{@link dev.longtake.memory.Held} is the whole state: it can be saved, forked, rewound.
 * </ul>
 *
 * <p>Absolute positions are not cut off where the published tables end, at 1024: rotations are
 * computed, not looked up. Whether a model understands them is another question; slots avoid it.
 */
@NullMarked
package dev.longtake.memory;

import org.jspecify.annotations.NullMarked;
