/**
 * What every test of this project needs: reference outputs, tensor assertions, seeds that print
 * themselves, and a guard against native leaks.
 *
 * <pre>{@code
 * @ExtendWith(LeakGuard.class)
 * class NormParityTest {
 *   @Test
 *   void matchesReferenceInFloat32() {
 *     try (var scope = Scope.open();
 *         var golden = Safetensors.open(Fixtures.file("dit-golden.safetensors"))) {
 *       var out = norm.forward(golden.read("input"));
 *       TensorAssert.assertThat(out).isCloseTo(golden.read("output"), 1e-4);
 *     }
 *   }
 * }
 * }</pre>
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>absent reference outputs fail a test, they never skip it;
 *   <li>a failure of a randomised test names the seed that repeats it;
 *   <li>a failed comparison prints the error that was measured, not only that there was one.
 * </ul>
 */
@NullMarked
package dev.longtake.testkit;

import org.jspecify.annotations.NullMarked;
