package dev.longtake.checkpoint;

import dev.longtake.tensor.Dtype;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The Python names a checkpoint may refer to. None of them is looked up or run: each stands for a
 * few lines of {@link Unpickler}.
 */
sealed interface PickleGlobal {

  /** Something to call. */
  enum Function implements PickleGlobal {
    ORDERED_DICT,
    SET,
    SIZE,
    DEVICE,
    REBUILD_TENSOR,
    REBUILD_TENSOR_V2,
    REBUILD_TENSOR_V3,
    REBUILD_PARAMETER,
    REBUILD_PARAMETER_WITH_STATE
  }

  /** A kind of storage; untyped ones leave the type to the tensor. */
  record Storage(Optional<Dtype> dtype) implements PickleGlobal {}

  /** An element type. */
  record Type(Dtype dtype) implements PickleGlobal {}

  /** Everything allowed, by its Python name. */
  Map<String, PickleGlobal> ALLOWED = allowed();

  private static Map<String, PickleGlobal> allowed() {
    Map<String, PickleGlobal> allowed = new HashMap<>();
    allowed.put("collections.OrderedDict", Function.ORDERED_DICT);
    allowed.put("builtins.set", Function.SET);
    allowed.put("__builtin__.set", Function.SET);
    allowed.put("torch.Size", Function.SIZE);
    allowed.put("torch.device", Function.DEVICE);
    allowed.put("torch._utils._rebuild_tensor", Function.REBUILD_TENSOR);
    allowed.put("torch._utils._rebuild_tensor_v2", Function.REBUILD_TENSOR_V2);
    allowed.put("torch._utils._rebuild_tensor_v3", Function.REBUILD_TENSOR_V3);
    allowed.put("torch._utils._rebuild_parameter", Function.REBUILD_PARAMETER);
    allowed.put(
        "torch._utils._rebuild_parameter_with_state", Function.REBUILD_PARAMETER_WITH_STATE);
    allowed.put("torch.storage.UntypedStorage", new Storage(Optional.empty()));
    allowed.put("torch.UntypedStorage", new Storage(Optional.empty()));
    for (var dtype : Dtype.values()) {
      allowed.put("torch." + pythonName(dtype), new Type(dtype));
      storageName(dtype)
          .ifPresent(name -> allowed.put("torch." + name, new Storage(Optional.of(dtype))));
    }
    return Map.copyOf(allowed);
  }

  /** How {@code torch} calls a type. */
  static String pythonName(Dtype dtype) {
    return switch (dtype) {
      case FLOAT64 -> "float64";
      case FLOAT32 -> "float32";
      case BFLOAT16 -> "bfloat16";
      case FLOAT16 -> "float16";
      case FLOAT8_E4M3 -> "float8_e4m3fn";
      case FLOAT8_E5M2 -> "float8_e5m2";
      case INT64 -> "int64";
      case INT32 -> "int32";
      case INT16 -> "int16";
      case INT8 -> "int8";
      case UINT8 -> "uint8";
      case BOOL -> "bool";
    };
  }

  /** How {@code torch} calls a storage of that type; empty for types without one of their own. */
  static Optional<String> storageName(Dtype dtype) {
    return switch (dtype) {
      case FLOAT64 -> Optional.of("DoubleStorage");
      case FLOAT32 -> Optional.of("FloatStorage");
      case BFLOAT16 -> Optional.of("BFloat16Storage");
      case FLOAT16 -> Optional.of("HalfStorage");
      case INT64 -> Optional.of("LongStorage");
      case INT32 -> Optional.of("IntStorage");
      case INT16 -> Optional.of("ShortStorage");
      case INT8 -> Optional.of("CharStorage");
      case UINT8 -> Optional.of("ByteStorage");
      case BOOL -> Optional.of("BoolStorage");
      case FLOAT8_E4M3, FLOAT8_E5M2 -> Optional.empty(); // these come in untyped storages
    };
  }
}
