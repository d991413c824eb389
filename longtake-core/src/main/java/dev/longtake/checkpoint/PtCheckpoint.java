package dev.longtake.checkpoint;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * An archive as {@code torch.save} writes it: a zip with a pickled tree of dicts, and one entry per
 * tensor storage, memory-mapped.
 *
 * <p>The pickle is read with an allow-list: tensors, dicts, lists, text and numbers. Whatever else
 * a file asks for is refused by name, and nothing in it is ever run. Strides and offsets are
 * honoured: a tensor read is always a row-major copy.
 *
 * <p>An entry's bytes are compared with the checksum that the archive states, a storage's when the
 * first of its tensors is read, so that a bit that a disk or a network turned is found before it is
 * computed with. That is one more pass over mapped bytes, no memory, and about a tenth of a second
 * for each gigabyte that the disk has brought. What is opened and not read is not compared.
 *
 * <p>Paths are the keys that lead from the outermost dict to a place; whole-number keys and places
 * in lists are written in decimal.
 */
public final class PtCheckpoint implements AutoCloseable {
  private static final int MOST_PICKLE_BYTES = 64 << 20;
  private static final String PICKLE = "data.pkl";

  private final MappedFile file;
  private final StatedChecksums checksums;
  private final Object root;

  private PtCheckpoint(MappedFile file, StatedChecksums checksums, Object root) {
    this.file = file;
    this.checksums = checksums;
    this.root = root;
  }

  /**
   * Opens an archive and reads its tree, not its tensors.
   *
   * @throws CheckpointException if it is absent, no such archive, damaged, or asks for anything
   *     that is not on the allow-list
   */
  public static PtCheckpoint open(Path path) {
    var file = MappedFile.open(path);
    try {
      var checksums = new StatedChecksums(file);
      return new PtCheckpoint(file, checksums, readTree(file, checksums));
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /**
   * Whether a file is an archive, going by its first bytes; it may still be none of {@code
   * torch.save}.
   *
   * @throws CheckpointException if it is absent or cannot be read
   */
  public static boolean isArchive(Path path) {
    try (var file = MappedFile.open(path)) {
      return FileKind.of(file) == FileKind.ZIP;
    }
  }

  /** Opens an archive for one dict of it; closing that closes the archive. */
  static TensorFile openTensors(Path path, String... under) {
    var checkpoint = open(path);
    try {
      return PtTensors.of(
          checkpoint.file, checkpoint.checksums, checkpoint.find(under), checkpoint::close, under);
    } catch (RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  /**
   * Writes a dict of tensors as {@code torch.save} would, one tensor after another, so that the
   * largest of them is all that is ever in memory. PyTorch 1.6 and later read it. The same tensors
   * in the same order under the same file name give the same bytes.
   *
   * @throws CheckpointException if it cannot be written; what was there before is untouched
   */
  public static void write(Path path, TensorFile tensors) {
    PtWriter.write(path, tensors, ZipWriter.WIDE);
  }

  private static Object readTree(MappedFile file, StatedChecksums checksums) {
    var kind = FileKind.of(file);
    if (kind != FileKind.ZIP) {
      throw new CheckpointException(
          file.name(),
          "is no archive of torch.save"
              + (kind == FileKind.OTHER ? "; check the path" : " but " + kind.words()));
    }
    var entries = ZipDirectory.read(file);
    var folder = folder(file, entries.keySet());
    var pickle = entries.get(folder + PICKLE);
    if (pickle == null || !pickle.plain() || pickle.length() > MOST_PICKLE_BYTES) {
      throw new CheckpointException(
          file.name(),
          "its "
              + PICKLE
              + " is compressed or exceeds "
              + MOST_PICKLE_BYTES
              + " bytes; save the weights alone with torch.save");
    }
    var order = entries.get(folder + "byteorder");
    if (order != null && !text(file, order).strip().equals("little")) {
      throw new CheckpointException(
          file.name(), "was saved on a big-endian machine; save it again on a common one");
    }
    checksums.require(pickle, "its " + PICKLE);
    var bytes = file.bytes(pickle.offset(), (int) pickle.length());
    return new Unpickler(new PickleBytes(file.name(), bytes), storages(folder, entries)).read();
  }

  /** The one folder that everything lies in; its name varies with what the file was saved as. */
  private static String folder(MappedFile file, Set<String> names) {
    var pickles = names.stream().filter(n -> n.equals(PICKLE) || n.endsWith("/" + PICKLE)).toList();
    if (pickles.size() != 1) {
      throw new CheckpointException(
          file.name(),
          "is a zip, but no archive of torch.save: "
              + pickles.size()
              + " entries are named "
              + PICKLE
              + "; if it is an archive around the checkpoint, unpack it first");
    }
    var only = pickles.getFirst();
    return only.substring(0, only.length() - PICKLE.length());
  }

  private static Map<String, ZipDirectory.Region> storages(
      String folder, Map<String, ZipDirectory.Region> entries) {
    var prefix = folder + "data/";
    Map<String, ZipDirectory.Region> storages = new HashMap<>();
    entries.forEach(
        (name, region) -> {
          if (name.startsWith(prefix)) {
            storages.put(name.substring(prefix.length()), region);
          }
        });
    return storages;
  }

  private static String text(MappedFile file, ZipDirectory.Region region) {
    int length = (int) Math.min(32, region.length());
    return new String(file.bytes(region.offset(), length), StandardCharsets.ISO_8859_1);
  }

  /**
   * Every tensor from a place inwards, tensors of inner dicts and lists under their keys joined by
   * dots. The view reads until this archive is closed; closing the view does nothing.
   *
   * @throws CheckpointException if there is no such place, or it is neither dict nor list
   */
  public TensorFile tensors(String... path) {
    return PtTensors.of(file, checksums, find(path), () -> {}, path);
  }

  /**
   * The keys of a dict, or the places of a list, in the file's order.
   *
   * @throws CheckpointException if there is no such place, or it is neither
   */
  public Set<String> keys(String... path) {
    return PtTree.children(find(path))
        .map(Map::keySet)
        .map(Collections::unmodifiableSet)
        .orElseThrow(() -> notFound(path, "a dict"));
  }

  /** Whether there is anything at that place. */
  public boolean has(String... path) {
    return PtTree.find(root, List.of(path)).isPresent();
  }

  /** What lies at a place, told without a tensor's bytes being read. */
  public enum Kind {
    /** A single tensor. */
    TENSOR,
    /** A dict or a list with tensors somewhere in it. */
    TENSORS,
    /** A dict or a list without tensors. */
    COLLECTION,
    /** A number, a truth or a text; {@link #words} has it. */
    VALUE,
    /** Python's None. */
    NONE
  }

  /**
   * What lies at that place.
   *
   * @throws CheckpointException if there is nothing
   */
  public Kind kind(String... path) {
    var value = find(path);
    if (value instanceof PtTensor) {
      return Kind.TENSOR;
    }
    if (PtTree.children(value).isPresent()) {
      return PtTree.tensors(file.name(), value).isEmpty() ? Kind.COLLECTION : Kind.TENSORS;
    }
    return value == Unpickler.None.NONE ? Kind.NONE : Kind.VALUE;
  }

  /**
   * The number, truth or text at a place, as text.
   *
   * @throws CheckpointException if there is none
   */
  public String words(String... path) {
    if (kind(path) != Kind.VALUE) {
      throw notFound(path, "a number or text");
    }
    return find(path) instanceof byte[] bytes ? bytes.length + " bytes" : find(path).toString();
  }

  /**
   * The whole number at a place, such as {@code step}.
   *
   * @throws CheckpointException if there is none
   */
  public long integer(String... path) {
    return value(Long.class, "a whole number", path);
  }

  /**
   * The number at a place, whole or not.
   *
   * @throws CheckpointException if there is none
   */
  public double number(String... path) {
    return value(Number.class, "a number", path).doubleValue();
  }

  /**
   * The text at a place.
   *
   * @throws CheckpointException if there is none
   */
  public String text(String... path) {
    return value(String.class, "text", path);
  }

  /** The path of the archive, for messages. */
  public String description() {
    return file.name();
  }

  @Override
  public void close() {
    file.close();
  }

  private <T> T value(Class<T> type, String words, String... path) {
    return Optional.of(find(path))
        .filter(type::isInstance)
        .map(type::cast)
        .orElseThrow(() -> notFound(path, words));
  }

  private Object find(String... path) {
    return PtTree.find(root, List.of(path)).orElseThrow(() -> notFound(path, "anything"));
  }

  private CheckpointException notFound(String[] path, String wanted) {
    var outer = PtTree.children(root).map(Map::keySet).orElse(Set.of());
    return new CheckpointException(
        file.name(),
        "there is not "
            + wanted
            + " at "
            + CheckpointException.quoted(String.join("/", path))
            + "; its outermost keys are "
            + outer.stream().limit(8).map(CheckpointException::quoted).toList());
  }
}
