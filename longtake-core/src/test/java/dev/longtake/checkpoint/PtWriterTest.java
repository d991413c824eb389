package dev.longtake.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.Fixtures;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.testkit.Seeds;
import dev.longtake.testkit.TensorAssert;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.CRC32;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Archives that PyTorch itself would have written. */
@ExtendWith(LeakGuard.class)
class PtWriterTest {
  @TempDir Path folder;

  @Test
  void everyDtypeSurvivesTheRoundTripBitForBit() {
    Seeds.times(
        3,
        random -> {
          try (var scope = Scope.open()) {
            var written = tensors(random, Dtype.values());
            var path = folder.resolve("all.pt");
            PtCheckpoint.write(path, new TensorsInMemory(written));
            try (var file = TensorFile.open(path)) {
              assertThat(file.names()).containsExactlyElementsOf(written.keySet());
              for (var name : file.names()) {
                TensorAssert.assertThat(file.read(name))
                    .as(name)
                    .hasDtype(written.get(name).dtype())
                    .isBitwiseEqualTo(written.get(name));
              }
            }
          }
        });
  }

  @ParameterizedTest
  @ValueSource(longs = {ZipWriter.WIDE, 3000, 300, 0})
  void pyTorchsOwnLoaderReadsIt(long wideFrom) {
    // The smaller the limit, the more lengths and offsets are in 64-bit records.
    Seeds.times(
        2,
        random -> {
          try (var scope = Scope.open()) {
            // LibTorch's loader, unlike Python's, knows no storage without a type.
            var written = tensors(random, typed());
            var path = folder.resolve("model.pt");
            PtWriter.write(path, new TensorsInMemory(written), wideFrom);

            var loaded = LibTorchLoader.load(path);

            assertThat(loaded).hasSameSizeAs(written);
            written.forEach(
                (name, tensor) -> {
                  var twin = loaded.get(name);
                  assertThat(twin.is(tensor.dtype())).as(name).isTrue();
                  assertThat(twin.shape()).as(name).isEqualTo(tensor.shape());
                  assertThat(twin.bytes()).as(name).isEqualTo(tensor.toBytes());
                });
          }
        });
  }

  @ParameterizedTest
  @ValueSource(longs = {ZipWriter.WIDE, 300})
  void othersReadItAsAZipWithRightChecksums(long wideFrom) throws IOException {
    try (var scope = Scope.open()) {
      var written = tensors(new Random(3), Dtype.FLOAT32, Dtype.INT64);
      var path = folder.resolve("model.pt");
      PtWriter.write(path, new TensorsInMemory(written), wideFrom);
      try (var zip = new ZipFile(path.toFile())) {
        for (var entry : zip.stream().toList()) {
          var crc = new CRC32();
          crc.update(zip.getInputStream(entry).readAllBytes());
          assertThat(crc.getValue()).as(entry.getName()).isEqualTo(entry.getCrc());
        }
        var id = zip.getInputStream(zip.getEntry("model/.data/serialization_id")).readAllBytes();
        assertThat(new String(id, StandardCharsets.US_ASCII)).matches("\\d{40}");
      }
      try (var file = TensorFile.open(path)) {
        TensorAssert.assertThat(file.read("INT64")).isBitwiseEqualTo(written.get("INT64"));
      }
    }
  }

  @Test
  void itsEntriesAreThoseOfPyTorchInOrderAtMultiplesOf64() throws IOException {
    var theirs = Fixtures.file("dit-checkpoint-bf16.pt");
    var ours = folder.resolve("copy.pt");
    try (var file = TensorFile.open(theirs, "generator_ema")) {
      PtCheckpoint.write(ours, file);
    }

    assertThat(entries(ours)).isEqualTo(entries(theirs));
    for (var name : List.of(".format_version", ".storage_alignment", "byteorder", "version")) {
      assertThat(content(ours, name)).as(name).isEqualTo(content(theirs, name));
    }
    assertThat(offsets(ours)).hasSize(102).allMatch(offset -> offset % 64 == 0);
    assertThat(offsets(theirs)).allMatch(offset -> offset % 64 == 0);
  }

  @Test
  void itsPickleUsesNoInstructionThatPyTorchsDoesNot() throws IOException {
    var theirs = Fixtures.file("dit-checkpoint-bf16.pt");
    var ours = folder.resolve("copy.pt");
    try (var file = TensorFile.open(theirs, "generator_ema")) {
      PtCheckpoint.write(ours, file);
    }

    assertThat(opcodes(content(theirs, "data.pkl")))
        .containsAll(opcodes(content(ours, "data.pkl")));
  }

  @Test
  void largeNumbersAreWrittenToo() throws IOException {
    var huge = new OnlyShapes(Map.of("w", new long[] {3, 1L << 31}), Dtype.BOOL);
    var pickle = StatePickle.of(huge);
    var read =
        new Unpickler(
                new PickleBytes("p", pickle),
                Map.of("0", new ZipDirectory.Region(64, 3L << 31, true, 0)))
            .read();

    assertThat(PtTree.tensors("p", read).get("w").shape()).containsExactly(3L, 1L << 31);
  }

  @Test
  void thereAndBackGivesTheSameBytes() throws IOException {
    var first = folder.resolve("first.safetensors");
    var second = folder.resolve("second.safetensors");
    var between = folder.resolve("between.pt");
    var again = folder.resolve("again/between.pt");
    try (var file = TensorFile.open(Fixtures.file("dit-checkpoint-bf16.pt"), "generator_ema")) {
      Safetensors.write(first, file, Map.of());
    }
    try (var file = TensorFile.open(first)) {
      PtCheckpoint.write(between, file);
    }
    try (var file = TensorFile.open(between)) {
      Safetensors.write(second, file, Map.of());
      PtCheckpoint.write(again, file);
    }

    assertThat(second).hasSameBinaryContentAs(first);
    assertThat(again).hasSameBinaryContentAs(between);
  }

  @Test
  void anArchiveOfNothingIsAnEmptyDict() {
    var path = folder.resolve("none.pt");
    PtCheckpoint.write(path, new TensorsInMemory(Map.of()));
    try (var file = TensorFile.open(path)) {
      assertThat(file.names()).isEmpty();
    }
  }

  @Test
  void aFailureLeavesNothingBehind() throws IOException {
    var broken = new OnlyShapes(Map.of("w", new long[] {2}), Dtype.FLOAT32);

    assertThatThrownBy(() -> PtCheckpoint.write(folder.resolve("x.pt"), broken))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("cannot be read");
    assertThat(folder).isEmptyDirectory();
  }

  /** Tensors without bytes. */
  private record OnlyShapes(Map<String, long[]> shapes, Dtype dtype) implements TensorFile {
    @Override
    public String description() {
      return "shapes";
    }

    @Override
    public Set<String> names() {
      return shapes.keySet();
    }

    @Override
    public Dtype dtype(String name) {
      return dtype;
    }

    @Override
    public long[] shape(String name) {
      return shapes.get(name);
    }

    @Override
    public Tensor read(String name) {
      throw new CheckpointException(description(), "cannot be read");
    }

    @Override
    public void close() {}
  }

  private static Dtype[] typed() {
    return Arrays.stream(Dtype.values())
        .filter(dtype -> PickleGlobal.storageName(dtype).isPresent())
        .toArray(Dtype[]::new);
  }

  private static Map<String, Tensor> tensors(Random random, Dtype... dtypes) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (var dtype : dtypes) {
      tensors.put(dtype.name(), Noise.of(random, dtype, 3, 1, 50));
      tensors.put("naïve." + dtype, Noise.of(random, dtype));
      tensors.put("none." + dtype, Tensor.zeros(dtype, Device.CPU, 2, 0));
    }
    return tensors;
  }

  /** Names without the folder, with how they are packed. */
  private static List<String> entries(Path path) throws IOException {
    try (var zip = new ZipFile(path.toFile())) {
      return zip.stream()
          .map(e -> e.getName().replaceFirst("^[^/]+/", "") + " method " + e.getMethod())
          .toList();
    }
  }

  private static byte[] content(Path path, String name) throws IOException {
    try (var zip = new ZipFile(path.toFile())) {
      var entry =
          zip.stream().filter(e -> e.getName().endsWith("/" + name)).findFirst().orElseThrow();
      return zip.getInputStream(entry).readAllBytes();
    }
  }

  /** Where each entry's content begins. */
  private static List<Long> offsets(Path path) {
    try (var file = MappedFile.open(path)) {
      return ZipDirectory.read(file).values().stream().map(ZipDirectory.Region::offset).toList();
    }
  }

  /** Every instruction that a pickle uses. */
  private static TreeSet<Integer> opcodes(byte[] pickle) {
    var found = new TreeSet<Integer>();
    var in = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
    while (in.hasRemaining()) {
      int opcode = Byte.toUnsignedInt(in.get());
      found.add(opcode);
      int operands =
          switch (opcode) {
            case 0x80, 'q', 'h', 'K' -> 1;
            case 'M' -> 2;
            case 'r', 'j', 'J' -> 4;
            case 'X' -> in.getInt();
            case 'c' -> lines(in, 2);
            default -> 0;
          };
      in.position(in.position() + operands);
    }
    return found;
  }

  /** How many bytes the next lines take. */
  private static int lines(ByteBuffer in, int count) {
    int at = in.position();
    for (int ends = 0; ends < count; at++) {
      ends += in.get(at) == '\n' ? 1 : 0;
    }
    return at - in.position();
  }
}
