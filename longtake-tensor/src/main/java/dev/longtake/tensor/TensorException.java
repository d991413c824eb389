package dev.longtake.tensor;

import java.util.Arrays;
import java.util.regex.Pattern;

/** A native operation failed; the message names the operator and every operand. */
public final class TensorException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A GPU's words and the processor's. */
  private static final Pattern OUT_OF_MEMORY =
      Pattern.compile("out of memory|not enough memory|can't allocate memory");

  TensorException(String message) {
    super(message);
  }

  private TensorException(String message, Throwable cause) {
    super(message, cause);
  }

  static TensorException of(String operator, RuntimeException cause, Tensor... operands) {
    var text = new StringBuilder(operator).append(" failed on ");
    for (int i = 0; i < operands.length; i++) {
      text.append(i == 0 ? "" : ", ").append(describe(operands[i]));
    }
    return new TensorException(text.append(": ").append(firstLine(cause)).toString(), cause);
  }

  /**
   * Whether the device ran out of memory. Nothing was computed then and nothing is lost: the same
   * process may go on with something smaller.
   */
  public boolean outOfMemory() {
    var cause = getCause();
    return cause != null
        && cause.getMessage() != null
        && OUT_OF_MEMORY.matcher(cause.getMessage()).find();
  }

  private static String describe(Tensor tensor) {
    return Arrays.toString(tensor.shape()) + " " + tensor.dtype() + " on " + tensor.device();
  }

  private static String firstLine(RuntimeException cause) {
    var message = cause.getMessage();
    return message == null ? cause.toString() : message.lines().findFirst().orElse("");
  }
}
