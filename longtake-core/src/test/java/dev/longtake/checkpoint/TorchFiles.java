package dev.longtake.checkpoint;

import dev.longtake.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.LongStream;

/** Files as torch.save writes them, of dicts, numbers and tensors. */
public final class TorchFiles {
  private final Map<String, byte[]> storages = new LinkedHashMap<>();

  private TorchFiles() {}

  /** Writes a dict, whose values may be dicts again. */
  public static Path save(Path path, Map<String, ?> dict) {
    var files = new TorchFiles();
    var archive = new PtArchive("archive/", PickleWriter.pickle(files.pickled(dict)));
    files.storages.forEach((key, bytes) -> archive.with("data/" + key, bytes));
    try {
      return archive.write(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Object pickled(Object value) {
    return switch (value) {
      case Map<?, ?> dict -> {
        Map<Object, Object> out = new LinkedHashMap<>();
        dict.forEach((key, item) -> out.put(key, pickled(item)));
        yield out;
      }
      case Tensor tensor -> pickled(tensor);
      case null -> PickleWriter.raw('N');
      default -> value;
    };
  }

  private Object pickled(Tensor tensor) {
    var key = Integer.toString(storages.size());
    storages.put(key, tensor.toBytes());
    var kind =
        switch (tensor.dtype()) {
          case FLOAT32 -> "FloatStorage";
          case BFLOAT16 -> "BFloat16Storage";
          case FLOAT16 -> "HalfStorage";
          default -> throw new AssertionError("no storage for " + tensor.dtype());
        };
    long[] shape = tensor.shape();
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride *= shape[axis];
    }
    return PickleWriter.tensor(
        PickleWriter.storage(kind, key, tensor.count()), 0, tuple(shape), tuple(strides));
  }

  private static PickleWriter.Tuple tuple(long[] numbers) {
    return PickleWriter.tuple(LongStream.of(numbers).boxed().toArray());
  }
}
