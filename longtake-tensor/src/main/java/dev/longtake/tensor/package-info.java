/**
 * A small face for LibTorch: the operators this project uses, and no others.
 *
 * <p>This is the only package that knows JavaCPP. A {@link dev.longtake.tensor.Tensor} is a handle
 * on native memory which the garbage collector cannot see, so memory is freed by {@link
 * dev.longtake.tensor.Scope scopes}: everything made inside a scope is freed when it closes, except
 * what is {@link dev.longtake.tensor.Scope#keep kept}.
 *
 * <pre>{@code
 * static Tensor normalise(Tensor x) {
 *   try (var scope = Scope.open()) {
 *     var centred = x.minus(x.mean());
 *     return scope.keep(centred.dividedBy(centred.square().mean().sqrt()));
 *   }
 * }
 * }</pre>
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>no ambient defaults: {@link dev.longtake.tensor.Device}, {@link dev.longtake.tensor.Dtype}
 *       and {@link dev.longtake.tensor.Rng} are arguments;
 *   <li>a scope belongs to the thread that opened it; a tensor made on a thread without a scope
 *       lives until it is closed by hand;
 *   <li>threads share a GPU's queue of work unless one opens a {@link
 *       dev.longtake.tensor.WorkStream}; then a {@link dev.longtake.tensor.Moment} goes with every
 *       tensor it is handed;
 *   <li>a native failure is rethrown as {@link dev.longtake.tensor.TensorException} with the
 *       operator's name and every operand's shape, dtype and device.
 * </ul>
 */
@NullMarked
package dev.longtake.tensor;

import org.jspecify.annotations.NullMarked;
