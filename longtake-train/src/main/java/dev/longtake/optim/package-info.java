/**
 * Optimisation over one flat stretch of memory.
 *
 * <p>All trained weights of a run are views into a single FLOAT32 tensor, their gradients views
 * into a second one, moments and moving average a third to fifth. An update is then about ten
 * operators, whatever the number of weights, and saving or comparing a state is saving or comparing
 * five tensors.
 *
 * <pre>{@code
 * var flat = FlatParameters.copyOf(drawn.taken(), device);
 * var model = WanTransformer.of(Weights.from(flat), config);
 * loss.backward();
 * adam.step(flat, rate);
 * }</pre>
 */
@NullMarked
package dev.longtake.optim;

import org.jspecify.annotations.NullMarked;
