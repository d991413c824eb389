package dev.longtake.testkit;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.NativeMemory;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test that leaves native objects behind: {@code @ExtendWith(LeakGuard.class)}.
 *
 * <p>The count is taken before {@code @BeforeEach} and after {@code @AfterEach} methods; what
 * {@code @BeforeAll} made may stay. Operators called outside any scope leave small helpers to the
 * garbage collector and therefore count as a leak: open a {@link Scope} first thing in a test.
 * Tests in other threads of the same process disturb the count.
 */
public final class LeakGuard implements BeforeEachCallback, AfterEachCallback {
  private static final ExtensionContext.Namespace SPACE =
      ExtensionContext.Namespace.create(LeakGuard.class);

  @Override
  public void beforeEach(ExtensionContext context) {
    warmUp();
    context.getStore(SPACE).put("handles", NativeMemory.liveHandles());
  }

  @Override
  public void afterEach(ExtensionContext context) {
    if (context.getExecutionException().isPresent()) {
      return; // the failure itself is the news, and it may well have skipped a close
    }
    long before = context.getStore(SPACE).getOrDefault("handles", Long.class, 0L);
    long left = NativeMemory.liveHandles() - before;
    // Fewer than before is fine: garbage of an earlier, unguarded test may be collected meanwhile.
    if (left > 0) {
      throw new AssertionError(
          left
              + " native objects are still open after the test: open a Scope around the work, and"
              + " close every Weights, Rng, file or kept tensor");
    }
  }

  /** Loads the natives and whatever they make once and for all. */
  private static void warmUp() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(0, Device.CPU)) {
      var draw = rng.normal(Dtype.FLOAT32, 1).plus(1).matmul(Tensor.of(new float[] {1}, 1));
      draw.item();
    }
  }
}
