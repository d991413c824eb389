package dev.longtake.testkit;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.Arrays;
import java.util.Locale;
import org.assertj.core.api.AbstractAssert;

/** Assertions on tensors; import {@link #assertThat} statically beside AssertJ's own. */
public final class TensorAssert extends AbstractAssert<TensorAssert, Tensor> {

  private TensorAssert(Tensor actual) {
    super(actual, TensorAssert.class);
  }

  /** Starts a chain of assertions. */
  public static TensorAssert assertThat(Tensor actual) {
    return new TensorAssert(actual);
  }

  /**
   * The relative error ‖out − reference‖ / ‖reference‖, taken in FLOAT64 on the processor; the
   * absolute error where the reference is all zero; NaN where either holds a NaN.
   */
  public static double relativeError(Tensor out, Tensor reference) {
    try (var scope = Scope.open()) {
      var expected = wide(reference);
      double error = norm(wide(out).minus(expected));
      double size = norm(expected);
      return size == 0 ? error : error / size;
    }
  }

  /**
   * Same shape, and a {@linkplain #relativeError relative error} of at most the given one; the
   * types may differ.
   */
  public TensorAssert isCloseTo(Tensor reference, double relativeError) {
    isNotNull();
    hasShape(reference.shape());
    double error = relativeError(actual, reference);
    if (!(error <= relativeError)) { // NaN fails
      throw failure("relative error %s of %s exceeds %s", show(error), actual, show(relativeError));
    }
    return this;
  }

  /** Same shape, same type, and the same bytes. */
  public TensorAssert isBitwiseEqualTo(Tensor reference) {
    isNotNull();
    hasShape(reference.shape());
    hasDtype(reference.dtype());
    if (actual.count() > 0 && !Arrays.equals(actual.toBytes(), reference.toBytes())) {
      throw failure(
          "%s differs from the reference, relative error %s",
          actual, show(relativeError(actual, reference)));
    }
    return this;
  }

  /** Exactly these sizes. */
  public TensorAssert hasShape(long... shape) {
    isNotNull();
    if (!Arrays.equals(actual.shape(), shape)) {
      throw failure(
          "shape is %s, expected %s", Arrays.toString(actual.shape()), Arrays.toString(shape));
    }
    return this;
  }

  /** Exactly this element type. */
  public TensorAssert hasDtype(Dtype dtype) {
    isNotNull();
    if (actual.dtype() != dtype) {
      throw failure("dtype is %s, expected %s", actual.dtype(), dtype);
    }
    return this;
  }

  /** No NaN and no infinity anywhere. */
  public TensorAssert isFinite() {
    isNotNull();
    try (var scope = Scope.open()) {
      var wide = wide(actual);
      // x − x is 0 for a finite number and NaN otherwise, and a NaN survives the sum.
      if (wide.minus(wide).sum().item() != 0) {
        throw failure("%s holds a NaN or an infinity", actual);
      }
    }
    return this;
  }

  private static Tensor wide(Tensor tensor) {
    return tensor.detach().to(Device.CPU).to(Dtype.FLOAT64);
  }

  private static double norm(Tensor tensor) {
    return Math.sqrt(tensor.square().sum().item());
  }

  private static String show(double number) {
    return String.format(Locale.ROOT, "%.3e", number);
  }
}
