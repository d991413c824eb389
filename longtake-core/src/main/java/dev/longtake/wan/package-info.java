/**
 * Wan 2.1's diffusion transformer, bidirectional and causal in one implementation.
 *
 * <p>The network predicts the flow {@code v = noise − clean} of some latent frames. Each frame has
 * a timestep of its own and stands at a temporal position that the caller gives, and an {@link
 * dev.longtake.nn.AttentionSpan} per layer decides which keys a query sees. With that, every use is
 * the same forward pass:
 *
 * <table>
 * <caption>uses of one forward pass</caption>
 * <tr><th>use</th><th>frames</th><th>span</th></tr>
 * <tr><td>bidirectional</td><td>all, one timestep</td><td>full</td></tr>
 * <tr><td>diffusion forcing</td><td>all, a timestep per block</td><td>block-causal mask</td></tr>
 * <tr><td>teacher forcing</td><td>clean, then noisy</td><td>teacher-forcing mask</td></tr>
 * <tr><td>training with memory</td><td>context, then chunk</td><td>context then chunk</td></tr>
 * <tr><td>generation</td><td>one chunk</td><td>a layer of the key/value store</td></tr>
 * </table>
 *
 * <p>Axes throughout: B batch, C latent channels, F latent frames, Y and X latent rows and columns,
 * P patches per frame, L tokens (F·P), T text tokens, D model width, H heads, d head width.
 *
 * <p>Invariant: parameter names and shapes are those of the published checkpoints.
 */
@NullMarked
package dev.longtake.wan;

import org.jspecify.annotations.NullMarked;
