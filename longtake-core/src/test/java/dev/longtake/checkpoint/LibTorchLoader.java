package dev.longtake.checkpoint;

import dev.longtake.tensor.Dtype;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.ByteVector;
import org.bytedeco.pytorch.global.torch;

/**
 * PyTorch's own reader of {@code torch.save} archives, for tests alone: it says whether an archive
 * is one, in a way that our reader cannot.
 */
final class LibTorchLoader {
  private LibTorchLoader() {}

  /**
   * A tensor as PyTorch understood it.
   *
   * @param bytes of its elements, row after row
   */
  record Loaded(int type, long[] shape, byte[] bytes) {
    boolean is(Dtype dtype) {
      return type
          == switch (dtype) {
            case UINT8 -> torch.ScalarType.Byte.value;
            case INT8 -> torch.ScalarType.Char.value;
            case INT16 -> torch.ScalarType.Short.value;
            case INT32 -> torch.ScalarType.Int.value;
            case INT64 -> torch.ScalarType.Long.value;
            case FLOAT16 -> torch.ScalarType.Half.value;
            case FLOAT32 -> torch.ScalarType.Float.value;
            case FLOAT64 -> torch.ScalarType.Double.value;
            case BOOL -> torch.ScalarType.Bool.value;
            case BFLOAT16 -> torch.ScalarType.BFloat16.value;
            case FLOAT8_E4M3 -> torch.ScalarType.Float8_e4m3fn.value;
            case FLOAT8_E5M2 -> torch.ScalarType.Float8_e5m2.value;
          };
    }
  }

  /** Every tensor of the dict in an archive. */
  static Map<String, Loaded> load(Path path) throws IOException {
    Map<String, Loaded> loaded = new LinkedHashMap<>();
    try (var scope = new PointerScope()) {
      var dict = torch.pickle_load(new ByteVector(Files.readAllBytes(path))).toGenericDict();
      var entries = dict.begin();
      for (long i = 0; i < dict.size(); i++) {
        var entry = entries.access();
        var tensor = entry.value().toTensor();
        byte[] bytes = new byte[(int) tensor.nbytes()];
        if (bytes.length > 0) {
          new BytePointer(tensor.data_ptr()).get(bytes);
        }
        loaded.put(
            entry.key().toStringRef().getString(),
            new Loaded(tensor.scalar_type().value, tensor.shape(), bytes));
        entries.increment();
      }
    }
    return loaded;
  }
}
