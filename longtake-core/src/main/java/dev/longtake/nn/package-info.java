/**
 * The layers that the transformer, the video autoencoder and the text encoder share.
 *
 * <p>A layer is a record of its tensors and parts; its forward pass is a function. A layer is made
 * from {@link dev.longtake.nn.Weights}, which hands out named tensors, either read from a
 * checkpoint or freshly drawn, and remembers which it handed out:
 *
 * <pre>{@code
 * var weights = Weights.random(rng, FLOAT32);
 * var layer = Linear.of(weights.at("ffn.0"), 256, 1024);
 * weights.taken(); // {ffn.0.weight=..., ffn.0.bias=...}
 * }</pre>
 *
 * <p>Invariants: names are those of the published checkpoints; a forward pass frees everything but
 * its result; weights may be wider than the activations, which decide the type of the arithmetic.
 */
@NullMarked
package dev.longtake.nn;

import org.jspecify.annotations.NullMarked;
