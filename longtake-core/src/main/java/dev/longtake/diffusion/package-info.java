/**
 * Flow matching: noise levels, the network as a denoiser, guidance and samplers, each a thing of
 * its own.
 *
 * <p>A noisy latent is {@code x_σ = (1 − σ)·x₀ + σ·ε}, its flow is {@code v = ε − x₀}, and so
 * {@code x₀ = x_σ − σ·v}. A timestep is {@code t = 1000·σ}. Levels are warped by a shift s, {@code
 * σ = s·u / (1 + (s − 1)·u)}, which spends more steps where there is much noise.
 *
 * <pre>{@code
 * var sampler = new EulerSampler(FlowSchedule.levels(8, 5));
 * var chunk = sampler.sample(denoiser, noise, rng);
 * }</pre>
 *
 * <p>Invariant: nothing here knows the network or its memory; a {@link
 * dev.longtake.diffusion.Denoiser} is a function.
 */
@NullMarked
package dev.longtake.diffusion;

import org.jspecify.annotations.NullMarked;
