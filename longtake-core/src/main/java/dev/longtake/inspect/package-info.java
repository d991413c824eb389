/**
 * What a file or a folder of weights holds, told from its headers alone: not a tensor is read.
 *
 * <pre>{@code
 * for (var part : Contents.of(Path.of("model.pt")).parts()) {
 *   var what = Recognised.of(part.tensors()).map(Recognised::words).orElse("unknown");
 *   System.out.println(part.name() + ": " + part.parameters() + " parameters, " + what);
 * }
 * }</pre>
 *
 * <p>{@link dev.longtake.inspect.Contents} finds the sets of tensors, {@link
 * dev.longtake.inspect.Part} counts one of them, {@link dev.longtake.inspect.ShapeLine} puts like
 * tensors of many blocks on a line, and {@link dev.longtake.inspect.Recognised} says, from names
 * and shapes alone, which network they are.
 *
 * <p>Invariant: nothing here guesses. A set that holds one name too many for a network is not that
 * network, and a damaged file is a {@link dev.longtake.checkpoint.CheckpointException}.
 */
@NullMarked
package dev.longtake.inspect;

import org.jspecify.annotations.NullMarked;
