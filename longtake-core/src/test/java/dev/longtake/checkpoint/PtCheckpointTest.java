package dev.longtake.checkpoint;

import static dev.longtake.checkpoint.PickleWriter.longs;
import static dev.longtake.checkpoint.PickleWriter.orderedDict;
import static dev.longtake.checkpoint.PickleWriter.pickle;
import static dev.longtake.checkpoint.PickleWriter.storage;
import static dev.longtake.checkpoint.PickleWriter.tensor;
import static dev.longtake.checkpoint.PickleWriter.tuple;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.PickleWriter.Built;
import dev.longtake.checkpoint.PickleWriter.Call;
import dev.longtake.checkpoint.PickleWriter.Global;
import dev.longtake.checkpoint.PickleWriter.Outside;
import dev.longtake.checkpoint.PickleWriter.Tuple;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.testkit.LeakGuard;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakGuard.class)
class PtCheckpointTest {
  private static final Outside SIX = storage("FloatStorage", "0", 6);

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"2, archive/", "2, model/", "2, ''", "4, archive/", "5, archive/"})
  void tensorsAndNumbersAreReadInEveryProtocolAndFolder(int protocol, String inside)
      throws IOException {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("step", 7);
    root.put("loss", 0.25);
    root.put("note", "naïve");
    root.put("generator", Map.of("w", tensor(SIX, 0, shape(2, 3), shape(3, 1))));
    var path = six(inside, pickle(protocol, root)).write(folder.resolve("c.pt"));
    try (var scope = Scope.open();
        var checkpoint = PtCheckpoint.open(path)) {
      assertThat(checkpoint.keys()).containsExactly("step", "loss", "note", "generator");
      assertThat(checkpoint.integer("step")).isEqualTo(7);
      assertThat(checkpoint.number("loss")).isEqualTo(0.25);
      assertThat(checkpoint.number("step")).isEqualTo(7);
      assertThat(checkpoint.text("note")).isEqualTo("naïve");
      assertThat(checkpoint.has("generator", "w")).isTrue();
      assertThat(checkpoint.has("generator", "x")).isFalse();
      var file = checkpoint.tensors("generator");
      assertThat(file.names()).containsExactly("w");
      assertThat(file.dtype("w")).isEqualTo(Dtype.FLOAT32);
      assertThat(file.shape("w")).containsExactly(2, 3);
      assertThat(file.read("w").toFloats()).containsExactly(1, 2, 3, 4, 5, 6);
      assertThat(file.description()).isEqualTo(path + " (generator)");
      assertThat(checkpoint.tensors().names()).containsExactly("generator.w");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 3 2, 1 3, 1 4 2 5 3 6", // transposed
    "1, 2 2, 3 1, 2 3 5 6", // columns of a larger one
    "4, 2, 1, 5 6", // a piece
    "2, 3 2, 0 1, 3 4 3 4 3 4", // rows repeated
    "0, 2 1 3, 3 77 1, 1 2 3 4 5 6", // an axis of one entry, whose stride means nothing
    "5, , , 6", // a single number
    "0, 2 1 2, 2 4 3, 1 4 3 6",
  })
  void stridesAndOffsetsAreHonoured(long offset, String sizes, String strides, String expected)
      throws IOException {
    var view = tensor(SIX, offset, numbers(sizes), numbers(strides));
    try (var scope = Scope.open();
        var file = TensorFile.open(six("a/", pickle(Map.of("w", view))).write(path()))) {
      assertThat(file.read("w").toFloats()).containsExactly(floats(expected));
    }
  }

  @Test
  void aTensorWithoutElementsIsReadWhereverItPoints() throws IOException {
    var nothing = tensor(SIX, 6, shape(0, 3), shape(3, 1));
    try (var scope = Scope.open();
        var file = TensorFile.open(six("a/", pickle(Map.of("w", nothing))).write(path()))) {
      assertThat(file.read("w").shape()).containsExactly(0, 3);
    }
  }

  @Test
  void everyTypedStorageGivesItsDtype() throws IOException {
    Map<String, Object> root = new LinkedHashMap<>();
    var kinds =
        Map.of(
            "DoubleStorage", Dtype.FLOAT64,
            "FloatStorage", Dtype.FLOAT32,
            "BFloat16Storage", Dtype.BFLOAT16,
            "HalfStorage", Dtype.FLOAT16,
            "LongStorage", Dtype.INT64,
            "IntStorage", Dtype.INT32,
            "ShortStorage", Dtype.INT16,
            "CharStorage", Dtype.INT8,
            "ByteStorage", Dtype.UINT8,
            "BoolStorage", Dtype.BOOL);
    kinds.forEach(
        (kind, dtype) -> root.put(kind, tensor(storage(kind, "0", 3), 1, shape(2), shape(1))));
    try (var scope = Scope.open();
        var file = TensorFile.open(six("a/", pickle(root)).write(path()))) {
      for (var kind : kinds.entrySet()) {
        assertThat(file.read(kind.getKey()).dtype()).isEqualTo(kind.getValue());
        assertThat(file.shape(kind.getKey())).containsExactly(2);
      }
    }
  }

  @Test
  void untypedStoragesTakeTheTypeTheTensorNames() throws IOException {
    var storage =
        new Outside(
            tuple("storage", new Global("torch.storage", "UntypedStorage"), "0", "cuda:0", 24));
    var tensor =
        new Call(
            new Global("torch._utils", "_rebuild_tensor_v3"),
            List.of(
                storage,
                2,
                shape(2),
                shape(1),
                false,
                orderedDict(),
                new Global("torch", "float8_e4m3fn")));
    var archive = new PtArchive("a/", pickle(Map.of("w", tensor)));
    byte[] bytes = new byte[24];
    bytes[2] = 0x38; // 1.0
    bytes[3] = (byte) 0xC0; // -2.0
    try (var scope = Scope.open();
        var file = TensorFile.open(archive.with("data/0", bytes).write(path()))) {
      assertThat(file.dtype("w")).isEqualTo(Dtype.FLOAT8_E4M3);
      assertThat(file.read("w").toFloats()).containsExactly(1, -2);
    }
  }

  @Test
  void parametersAndStateDictsWithAttributesAreReadAsWhatTheyHold() throws IOException {
    var parameter =
        new Call(
            new Global("torch._utils", "_rebuild_parameter"),
            List.of(tensor(SIX, 0, shape(6), shape(1)), true, orderedDict()));
    // An OrderedDict's items come after the call, its _metadata after the items.
    var filled =
        new Tuple(
            List.of(
                new Built(orderedDict(), Map.of("_metadata", orderedDict())),
                new Call(
                    new Global("collections", "OrderedDict"),
                    List.of(List.of(tuple("w", parameter)))),
                new Call(new Global("torch", "Size"), List.of(tuple(3))),
                new Call(new Global("torch", "device"), List.of("cpu"))));
    try (var scope = Scope.open();
        var checkpoint = PtCheckpoint.open(six("a/", pickle(filled)).write(path()))) {
      assertThat(checkpoint.keys("0")).isEmpty();
      assertThat(checkpoint.tensors("1").read("w").toFloats()).containsExactly(1, 2, 3, 4, 5, 6);
      assertThat(checkpoint.integer("2", "0")).isEqualTo(3);
      assertThat(checkpoint.text("3")).isEqualTo("cpu");
      assertThat(checkpoint.tensors().names()).containsExactly("1.w");
    }
  }

  @Test
  void sixtyFourBitRecordsOfLargeArchivesAreUnderstood() throws IOException {
    var archive =
        six("a/", pickle(Map.of("w", tensor(SIX, 0, shape(6), shape(1))))).writeZip64(path());
    try (var scope = Scope.open();
        var file = TensorFile.open(archive)) {
      assertThat(file.read("w").toFloats()).containsExactly(1, 2, 3, 4, 5, 6);
    }
  }

  @Test
  void aViewReadsUntilItsArchiveIsClosedAndDoesNotCloseIt() throws IOException {
    var path = six("a/", pickle(Map.of("w", tensor(SIX, 0, shape(6), shape(1))))).write(path());
    try (var scope = Scope.open()) {
      var checkpoint = PtCheckpoint.open(path);
      var view = checkpoint.tensors();
      view.close();
      assertThat(view.read("w").count()).isEqualTo(6);
      checkpoint.close();
      assertThatThrownBy(() -> view.read("w")).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void aPlaceThatIsNotThereIsNamedTogetherWithWhatIs() throws IOException {
    var path = six("a/", pickle(Map.of("generator", Map.of(), "step", 7))).write(path());
    assertThatThrownBy(() -> TensorFile.open(path, "generator_ema"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("at 'generator_ema'; its outermost keys are [")
        .hasMessageContaining("'generator'");
    assertThatThrownBy(() -> TensorFile.open(path, "step"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("(step): is neither a dict nor a list");
    try (var checkpoint = PtCheckpoint.open(path)) {
      assertThatThrownBy(() -> checkpoint.text("step"))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("there is not text at 'step'");
      assertThatThrownBy(() -> checkpoint.tensors("generator").read("w"))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("no tensor 'w' among its 0");
    }
  }

  @Test
  void archivesOfOtherKindsAreRefused() throws IOException {
    var pickle = pickle(Map.of());
    var compressed = Files.write(path(), six("a/", pickle).zip(ZipEntry.DEFLATED));
    assertThatThrownBy(() -> PtCheckpoint.open(compressed))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("compressed");
    var big =
        six("a/", pickle)
            .with("byteorder", "big".getBytes(java.nio.charset.StandardCharsets.UTF_8));
    assertThatThrownBy(() -> PtCheckpoint.open(big.write(path())))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("big-endian");
    var two = six("a/", pickle).with("b/data.pkl", pickle);
    assertThatThrownBy(() -> PtCheckpoint.open(two.write(path())))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("2 entries are named data.pkl");
    var bare = Files.write(folder.resolve("bare.pt"), pickle);
    assertThatThrownBy(() -> PtCheckpoint.open(bare))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("a bare pickle");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 22, 23, 100, 250})
  void aZipCutShortIsRecognised(int missing) throws IOException {
    byte[] whole = six("a/", pickle(Map.of())).zip(ZipEntry.STORED);
    var path = Files.write(path(), java.util.Arrays.copyOf(whole, whole.length - missing));
    assertThatThrownBy(() -> PtCheckpoint.open(path))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("file is cut short");
  }

  @Test
  void aBitThatTurnedIsFoundWhereItLiesAndNowhereElse() throws IOException {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("row", tensor(SIX, 0, shape(3), shape(1)));
    root.put("whole", tensor(SIX, 0, shape(6), shape(1)));
    root.put("other", tensor(storage("FloatStorage", "1", 2), 0, shape(2), shape(1)));
    byte[] bytes = six("a/", pickle(root)).floats("1", 8, 9).zip(ZipEntry.STORED);
    byte[] last = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(6).array();
    bytes[indexOf(bytes, last)] ^= 1; // beyond the row, but of its storage
    try (var scope = Scope.open();
        var file = TensorFile.open(Files.write(path(), bytes))) {
      assertThat(file.read("other").toFloats()).containsExactly(8, 9);
      for (var name : List.of("row", "whole")) {
        assertThatThrownBy(() -> file.read(name))
            .isInstanceOf(CheckpointException.class)
            .hasMessageContaining("file is damaged: what '" + name + "' lies in has checksum ")
            .hasMessageContainingAll("the archive states ", "download it again");
      }
    }
  }

  @Test
  void aTreeWhoseBytesTurnedIsNotRead() throws IOException {
    byte[] bytes = six("a/", pickle(Map.of("note", "naïve"))).zip(ZipEntry.STORED);
    bytes[indexOf(bytes, "note".getBytes(StandardCharsets.UTF_8))] ^= 1;
    var path = Files.write(path(), bytes);
    assertThatThrownBy(() -> PtCheckpoint.open(path))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("file is damaged: its data.pkl has checksum ");
  }

  private static int indexOf(byte[] all, byte[] part) {
    for (int i = 0; i <= all.length - part.length; i++) {
      if (Arrays.equals(all, i, i + part.length, part, 0, part.length)) {
        return i;
      }
    }
    throw new IllegalArgumentException("not there");
  }

  private Path path() {
    return folder.resolve("checkpoint.pt");
  }

  private static PtArchive six(String inside, byte[] pickle) {
    return new PtArchive(inside, pickle).floats("0", 1, 2, 3, 4, 5, 6);
  }

  private static Tuple shape(long... sizes) {
    return tuple(longs(sizes));
  }

  private static Tuple numbers(String text) {
    return text == null
        ? tuple()
        : shape(java.util.Arrays.stream(text.split(" ")).mapToLong(Long::parseLong).toArray());
  }

  private static float[] floats(String text) {
    var words = text.split(" ");
    float[] out = new float[words.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = Float.parseFloat(words[i]);
    }
    return out;
  }
}
