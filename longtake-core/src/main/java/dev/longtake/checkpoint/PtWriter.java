package dev.longtake.checkpoint;

import java.nio.file.Path;
import java.util.Locale;

/**
 * Writes an archive as {@code torch.save} of PyTorch 2.10 does: the same entries in the same order,
 * in a folder named after the file.
 */
final class PtWriter {
  private PtWriter() {}

  /**
   * Writes a dict of tensors.
   *
   * @param wideFrom see {@link ZipWriter}
   */
  static void write(Path path, TensorFile tensors, long wideFrom) {
    byte[] pickle = StatePickle.of(tensors);
    var folder = folder(path);
    AtomicFile.write(
        path,
        out -> {
          var zip = new ZipWriter(out, wideFrom);
          zip.add(folder + "data.pkl", pickle);
          zip.add(folder + ".format_version", "1");
          zip.add(folder + ".storage_alignment", Integer.toString(ZipWriter.ALIGNMENT));
          zip.add(folder + "byteorder", "little");
          int storage = 0;
          for (var name : tensors.names()) {
            zip.add(
                folder + "data/" + storage++,
                tensors.bytes(name),
                to -> SafetensorsWriter.writeElements(to, tensors, name));
          }
          zip.add(folder + "version", "3\n");
          zip.add(folder + ".data/serialization_id", id(zip.fingerprint()));
          zip.finish();
        });
  }

  private static String folder(Path path) {
    var name = path.getFileName().toString();
    int dot = name.lastIndexOf('.');
    return (dot > 0 ? name.substring(0, dot) : name) + "/";
  }

  /** Forty digits that differ from one content to another; nothing reads more out of them. */
  private static String id(long fingerprint) {
    return String.format(
        Locale.ROOT,
        "%020d%020d",
        fingerprint & Long.MAX_VALUE,
        (fingerprint * 0x9E3779B97F4A7C15L) & Long.MAX_VALUE);
  }
}
