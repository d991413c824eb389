package dev.longtake.tensor;

import org.bytedeco.pytorch.global.torch.ScalarType;

/** The element types in use. */
public enum Dtype {
  FLOAT64(8, ScalarType.Double),
  FLOAT32(4, ScalarType.Float),
  BFLOAT16(2, ScalarType.BFloat16),
  FLOAT16(2, ScalarType.Half),
  FLOAT8_E4M3(1, ScalarType.Float8_e4m3fn),
  FLOAT8_E5M2(1, ScalarType.Float8_e5m2),
  INT64(8, ScalarType.Long),
  INT32(4, ScalarType.Int),
  INT16(2, ScalarType.Short),
  INT8(1, ScalarType.Char),
  UINT8(1, ScalarType.Byte),
  BOOL(1, ScalarType.Bool);

  private final int bytes;
  final ScalarType scalar;

  Dtype(int bytes, ScalarType scalar) {
    this.bytes = bytes;
    this.scalar = scalar;
  }

  /** Size of one element in bytes. */
  public int bytes() {
    return bytes;
  }

  /** Whether values of this type are real numbers. */
  public boolean isFloat() {
    return switch (this) {
      case FLOAT64, FLOAT32, BFLOAT16, FLOAT16, FLOAT8_E4M3, FLOAT8_E5M2 -> true;
      default -> false;
    };
  }

  static Dtype of(ScalarType scalar) {
    for (Dtype dtype : values()) {
      if (dtype.scalar.value == scalar.value) {
        return dtype;
      }
    }
    throw new TensorException("no dtype of this project matches LibTorch's " + scalar);
  }
}
