package dev.longtake.recipes;

import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.Carried;
import dev.longtake.train.TrainingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Which weights a run begins with and keeps, so that it does not go on with others. */
final class CarriedBase implements Carried {
  private final String name;
  private final Path file;
  private final String whose;
  private final byte[] hash;
  private final Carried other;

  /**
   * Reads the file once.
   *
   * @param name under which checkpoints tell it
   * @param file the weights
   * @param whose what of a checkpoint belongs to them and how, for messages
   * @param other what the run carries anyway
   */
  CarriedBase(String name, Path file, String whose, Carried other) {
    this.name = name;
    this.file = file;
    this.whose = whose;
    this.other = other;
    hash = FileHash.of(file).getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public Map<String, Tensor> tensors() {
    Map<String, Tensor> all = new LinkedHashMap<>(other.tensors());
    all.put(name, Tensor.ofBytes(hash, Dtype.UINT8, hash.length));
    return all;
  }

  @Override
  public void restore(Map<String, Tensor> saved) {
    Map<String, Tensor> rest = new LinkedHashMap<>(saved);
    var theirs = rest.remove(name);
    if (theirs == null || !Arrays.equals(theirs.toBytes(), hash)) {
      throw new TrainingException(
          "the checkpoint's "
              + whose
              + " other weights than "
              + file
              + "; give the model that it was begun with, or another output folder");
    }
    other.restore(rest);
  }
}
