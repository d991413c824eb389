package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.checkpoint.PtCheckpoint;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.checkpoint.TensorFile;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.testkit.Fixtures;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.testkit.TensorAssert;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Weights change their clothes and nothing else. */
@ExtendWith(LeakGuard.class)
class ConvertCommandTest {
  private static final Path ARCHIVE = Fixtures.file("dit-checkpoint-bf16.pt");

  @TempDir private Path folder;

  @Test
  void anArchiveBecomesSafetensorsAndAnArchiveAgain() {
    var plain = folder.resolve("plain.safetensors");
    var again = folder.resolve("again.pt");

    var there = Spoken.by("convert", ARCHIVE, plain);
    var back = Spoken.by("convert", plain, again);

    assertThat(there.code()).as("%s", there.err()).isZero();
    assertThat(there.out().strip()).isEqualTo(plain + ": 96 tensors, 947 kB");
    assertThat(there.err()).singleElement().asString().contains("left out: step");
    assertThat(back.code()).as("%s", back.err()).isZero();
    assertThat(back.err()).isEmpty();
    try (var source = TensorFile.open(ARCHIVE, "generator_ema")) {
      assertSame(source, plain);
      assertSame(source, again);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"dit.safetensors", "vae.safetensors", "t5.safetensors"})
  void namesGoToDiffusersAndBack(String fixture) {
    var original = Fixtures.file(fixture);
    var theirs = folder.resolve("theirs.safetensors");
    var ours = folder.resolve("ours.safetensors");

    Spoken.by("convert", original, theirs, "--names", "diffusers");
    var spoken = Spoken.by("convert", theirs, ours, "--names", "original");

    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    try (var source = TensorFile.open(original);
        var diffusers = TensorFile.open(theirs)) {
      assertSame(source, ours);
      assertThat(diffusers.names())
          .doesNotContainAnyElementsOf(
              List.of("head.head.weight", "conv1.weight", "token_embedding.weight"));
      assertThat(diffusers.metadata()).isEqualTo(Map.of("format", "pt"));
    }
  }

  @Test
  void whatHoldsNoTensorsIsNotConverted() throws IOException {
    var index = folder.resolve("m.safetensors.index.json");
    Files.writeString(index, "{\"weight_map\": {}}");
    var bare = folder.resolve("bare.safetensors");
    Files.write(bare, new byte[] {2, 0, 0, 0, 0, 0, 0, 0, '{', '}'});
    var out = folder.resolve("out.safetensors");

    for (var empty : List.of(index, bare)) {
      var spoken = Spoken.by("convert", empty, out);

      assertThat(spoken.code()).isEqualTo(2);
      assertThat(spoken.err())
          .singleElement()
          .asString()
          .contains(empty + ": holds no tensors", "longtake inspect");
    }
    assertThat(out).doesNotExist();
  }

  @Test
  void aBitThatTurnedInAnArchiveEndsTheConversion() throws IOException {
    byte[] bytes = Files.readAllBytes(ARCHIVE);
    bytes[bytes.length / 2] ^= 1;
    var damaged = Files.write(folder.resolve("damaged.pt"), bytes);
    var out = folder.resolve("out.safetensors");

    var spoken = Spoken.by("convert", damaged, out);

    assertThat(spoken.code()).isEqualTo(2);
    assertThat(spoken.err().getLast()).contains("damaged.pt: file is damaged: what '", "checksum");
    assertThat(out).doesNotExist();
  }

  @Test
  void shardsBecomeOneFileAndOneBecomesShards() throws IOException {
    var original = Fixtures.file("dit.safetensors");
    var shards = Files.createDirectory(folder.resolve("shards"));
    var whole = folder.resolve("whole.safetensors");

    var split =
        Spoken.by("convert", original, shards.resolve("dit.safetensors"), "--shard-size", "700kB");
    var joined = Spoken.by("convert", shards, whole); // the folder's one index

    assertThat(split.code()).as("%s", split.err()).isZero();
    assertThat(split.out()).startsWith(shards.resolve("dit.safetensors.index.json").toString());
    assertThat(shards).isDirectoryContaining("glob:**/dit-00003-of-00003.safetensors");
    assertThat(joined.code()).as("%s", joined.err()).isZero();
    try (var source = TensorFile.open(original)) {
      assertSame(source, whole);
      assertSame(source, shards.resolve("dit.safetensors.index.json"));
    }
  }

  @Test
  void anotherTypeAndPlainNamesAreWhatAStudentNeeds() {
    var out = folder.resolve("student.safetensors");

    var spoken =
        Spoken.by(
            "convert", ARCHIVE, out, "--part", "generator_ema", "--unwrap", "--dtype", "float32");

    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    try (var reference = TensorFile.open(Fixtures.file("dit.safetensors"));
        var student = TensorFile.open(out)) {
      assertThat(student.names()).containsExactlyInAnyOrderElementsOf(reference.names());
      for (var name : student.names()) {
        try (var scope = Scope.open()) {
          TensorAssert.assertThat(student.read(name))
              .as(name)
              .isBitwiseEqualTo(reference.read(name).to(Dtype.BFLOAT16).to(Dtype.FLOAT32));
        }
      }
    }
  }

  @Test
  void matricesOfAByteAreRecognisedAndComeBackUnderTheirNames() {
    var small = folder.resolve("small.safetensors");
    var back = folder.resolve("back.safetensors");

    Spoken.by("convert", ARCHIVE, small, "--unwrap", "--dtype", "float8_e4m3");
    var described = Spoken.by("inspect", small);
    var spoken = Spoken.by("convert", small, back, "--dtype", "bfloat16");

    assertThat(described.out()).contains("Wan transformer: width 96", "scaled float8");
    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    try (var reference = TensorFile.open(Fixtures.file("dit.safetensors"));
        var file = TensorFile.open(back);
        var scope = Scope.open()) {
      assertThat(file.names()).containsExactlyInAnyOrderElementsOf(reference.names());
      var name = "blocks.1.ffn.0.weight";
      TensorAssert.assertThat(file.read(name))
          .hasDtype(Dtype.BFLOAT16)
          .isCloseTo(reference.read(name).to(Dtype.BFLOAT16), 0.07);
    }
  }

  @Test
  void metadataGoesAlongAndWhereItCannotThatIsSaid() {
    var with = folder.resolve("with.safetensors");
    var half = folder.resolve("half.safetensors");
    try (var file = TensorFile.open(Fixtures.file("dit.safetensors"))) {
      Safetensors.write(with, file, Map.of("run", "7"));
    }

    Spoken.by("convert", with, half, "--dtype", "float16");
    var spoken = Spoken.by("convert", with, folder.resolve("archive.pt"));

    try (var file = Safetensors.open(half)) {
      assertThat(file.metadata()).isEqualTo(Map.of("run", "7"));
      assertThat(file.dtype("head.head.weight")).isEqualTo(Dtype.FLOAT16);
    }
    assertThat(spoken.err()).singleElement().asString().contains("with.safetensors", "run");
  }

  @Test
  void anotherOutcomeIsNotReplacedUnlessForced() throws IOException {
    var out = Files.writeString(folder.resolve("out.safetensors"), "precious");

    assertMistake(Spoken.by("convert", ARCHIVE, out), "out.safetensors", "--force");
    assertThat(out).hasContent("precious");
    assertThat(Spoken.by("convert", ARCHIVE, out, "--force").code()).isZero();
    try (var source = TensorFile.open(ARCHIVE, "generator_ema")) {
      assertSame(source, out);
    }
  }

  @Test
  void ofSeveralPartsOneMustBeChosen() throws IOException {
    var two = twoParts(folder.resolve("two.pt"));
    var out = folder.resolve("new.safetensors");

    assertMistake(
        Spoken.by("convert", two, out), "two.pt", "(generator, critic)", "--part generator");
    assertMistake(Spoken.by("convert", two, out, "--part", "critics"), "two.pt", "'critics'");
    assertMistake(
        Spoken.by("convert", Fixtures.file("dit.safetensors"), out, "--part", "x"),
        "dit.safetensors",
        "leave the key out");
    assertThat(out).doesNotExist();

    var spoken = Spoken.by("convert", two, out, "--part", "critic");
    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    assertThat(spoken.err()).singleElement().asString().contains("left out: generator");
    try (var source = TensorFile.open(Fixtures.file("dit.safetensors"))) {
      assertSame(source, out);
    }
  }

  /** An archive whose parts generator and critic are the same network. */
  private Path twoParts(Path path) throws IOException {
    var flat = folder.resolve("flat.pt");
    try (var dit = TensorFile.open(Fixtures.file("dit.safetensors"))) {
      PtCheckpoint.write(flat, dit);
    }
    try (var from = new ZipFile(flat.toFile());
        var to = new ZipOutputStream(Files.newOutputStream(path))) {
      for (var entry : from.stream().toList()) {
        var bytes = from.getInputStream(entry).readAllBytes();
        if (entry.getName().endsWith("data.pkl")) {
          bytes = twice(bytes, "generator", "critic");
        }
        var copy = new ZipEntry(entry.getName());
        var crc = new CRC32();
        crc.update(bytes);
        copy.setMethod(ZipEntry.STORED);
        copy.setSize(bytes.length);
        copy.setCrc(crc.getValue());
        to.putNextEntry(copy);
        to.write(bytes);
      }
    }
    Files.delete(flat);
    return path;
  }

  /** A pickle of a dict that has the pickled dict under each of the keys. */
  private static byte[] twice(byte[] pickle, String... keys) throws IOException {
    var out = new ByteArrayOutputStream();
    out.write(pickle, 0, 2); // protocol 2
    out.write(new byte[] {'}', '('});
    for (var key : keys) {
      out.write(new byte[] {'X', (byte) key.length(), 0, 0, 0});
      out.write(key.getBytes(StandardCharsets.US_ASCII));
      out.write(pickle, 2, pickle.length - 3);
    }
    out.write(new byte[] {'u', '.'});
    return out.toByteArray();
  }

  @Test
  void foreignTensorsHaveNoOtherName() {
    var out = folder.resolve("new.safetensors");

    assertMistake(
        Spoken.by("convert", Fixtures.file("vae-golden.safetensors"), out, "--names", "diffusers"),
        "vae-golden.safetensors",
        "its other name is not known");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aDamagedSourceLeavesNothingBehind() throws IOException {
    var damaged = folder.resolve("damaged.pt");
    var bytes = Files.readAllBytes(ARCHIVE);
    Files.write(damaged, Arrays.copyOf(bytes, bytes.length / 2));

    assertMistake(
        Spoken.by("convert", damaged, folder.resolve("new.safetensors")),
        "damaged.pt",
        "cut short");
    assertMistake(
        Spoken.by("convert", ARCHIVE, folder.resolve("missing/new.safetensors")),
        "missing does not exist",
        "create it");
    assertThat(folder).isDirectoryNotContaining("glob:**/*new*");
  }

  private static void assertMistake(Spoken spoken, String... parts) {
    assertThat(spoken.code()).isEqualTo(2);
    assertThat(spoken.err()).hasSize(1);
    assertThat(spoken.err().getFirst()).startsWith("longtake: ").contains(parts);
    assertThat(spoken.out()).isEmpty();
  }

  private static void assertSame(TensorFile source, Path copy) {
    try (var file = TensorFile.open(copy)) {
      assertThat(file.names()).containsExactlyInAnyOrderElementsOf(source.names());
      for (var name : source.names()) {
        try (var scope = Scope.open()) {
          TensorAssert.assertThat(file.read(name)).as(name).isBitwiseEqualTo(source.read(name));
        }
      }
    }
  }
}
