/**
 * Training: objectives, the loop that runs them, and what it leaves behind.
 *
 * <p>An {@link dev.longtake.train.Objective} computes the loss of a step; {@link
 * dev.longtake.train.TrainingLoop} does everything else: backward pass, clipping, update, moving
 * average, event file, checkpoint. Randomness is drawn from {@code (seed, step)}, never from a
 * generator that lives across steps, so a run that was killed and resumed computes bit for bit what
 * the uninterrupted run would have.
 *
 * <p>A step may be shared by several devices ({@link dev.longtake.train.Team}) and be of several
 * batches on each. What an objective differentiates may be a network that recomputes its
 * activations ({@link dev.longtake.train.RecomputedObjective}) or a frozen one with a low-rank
 * change ({@link dev.longtake.train.LowRankWeights}); the loop knows of neither.
 */
@NullMarked
package dev.longtake.train;

import org.jspecify.annotations.NullMarked;
