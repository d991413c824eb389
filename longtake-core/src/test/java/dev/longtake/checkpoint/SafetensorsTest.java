package dev.longtake.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.testkit.Seeds;
import dev.longtake.testkit.TensorAssert;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(LeakGuard.class)
class SafetensorsTest {
  @TempDir Path folder;

  @Test
  void everyDtypeSurvivesTheRoundTripBitForBit() {
    Seeds.times(
        5,
        random -> {
          try (var scope = Scope.open()) {
            Map<String, Tensor> written = new LinkedHashMap<>();
            for (var dtype : Dtype.values()) {
              written.put("a." + dtype, Noise.of(random, dtype, 3, 1, 5));
              written.put("one." + dtype, Noise.of(random, dtype));
              written.put("none." + dtype, Tensor.zeros(dtype, Device.CPU, 2, 0));
            }
            var path = folder.resolve("all.safetensors");
            Safetensors.write(path, written, Map.of("note", "naïve \"text\"\n"));
            try (var file = Safetensors.open(path)) {
              assertThat(file.names()).containsExactlyInAnyOrderElementsOf(written.keySet());
              assertThat(file.metadata()).containsExactly(Map.entry("note", "naïve \"text\"\n"));
              for (var name : file.names()) {
                var tensor = written.get(name);
                assertThat(file.shape(name)).isEqualTo(tensor.shape());
                assertThat(file.dtype(name)).isEqualTo(tensor.dtype());
                TensorAssert.assertThat(file.read(name)).as(name).isBitwiseEqualTo(tensor);
              }
              assertThat(file.bytes())
                  .isEqualTo(
                      written.values().stream()
                          .mapToLong(t -> t.count() * t.dtype().bytes())
                          .sum());
            }
          }
        });
  }

  @Test
  void aTransposedTensorIsWrittenRowByRow() {
    try (var scope = Scope.open()) {
      var tensor = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3).transpose(0, 1);
      var path = folder.resolve("t.safetensors");
      Safetensors.write(path, Map.of("t", tensor), Map.of());
      try (var file = Safetensors.open(path)) {
        assertThat(file.shape("t")).containsExactly(3, 2);
        assertThat(file.read("t").toFloats()).containsExactly(1, 4, 2, 5, 3, 6);
      }
    }
  }

  @Test
  void theSameTensorsGiveTheSameBytesAndLeaveNothingElseBehind() throws IOException {
    try (var scope = Scope.open()) {
      var tensors = Map.of("t", Tensor.of(new float[] {1, 2}, 2));
      Safetensors.write(folder.resolve("a.safetensors"), tensors, Map.of());
      Safetensors.write(folder.resolve("b.safetensors"), tensors, Map.of());
      assertThat(folder.resolve("a.safetensors"))
          .hasSameBinaryContentAs(folder.resolve("b.safetensors"));
      try (var files = Files.list(folder)) {
        assertThat(files.map(p -> p.getFileName().toString()))
            .containsExactlyInAnyOrder("a.safetensors", "b.safetensors");
      }
    }
  }

  @Test
  void aFileThatCannotBeWrittenSaysSoAndLeavesNothing() throws IOException {
    var taken = Files.createDirectories(folder.resolve("taken.safetensors/inside"));
    try (var scope = Scope.open()) {
      var tensors = Map.of("t", Tensor.of(new float[] {1}, 1));
      assertThatThrownBy(() -> Safetensors.write(taken.getParent(), tensors, Map.of()))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("taken.safetensors: cannot be written");
    }
    try (var files = Files.list(folder)) {
      assertThat(files).hasSize(1);
    }
  }

  @Test
  void aTensorCannotTakeTheMetadatasName() {
    try (var scope = Scope.open()) {
      var tensors = Map.of("__metadata__", Tensor.of(new float[] {1}, 1));
      assertThatThrownBy(
              () -> Safetensors.write(folder.resolve("x.safetensors"), tensors, Map.of()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("__metadata__");
    }
  }

  @Test
  void anUnknownNameIsAnErrorThatNamesIt() throws IOException {
    try (var file = Safetensors.open(good("g.safetensors"))) {
      assertThatThrownBy(() -> file.read("absent"))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("no tensor 'absent' among its 2 (such as 'a')");
    }
  }

  @Test
  void readingAfterCloseIsRefused() throws IOException {
    var file = Safetensors.open(good("g.safetensors"));
    file.close();
    file.close();
    assertThatThrownBy(() -> file.read("a"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("is closed");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'a':{'dtype':'F99','shape':[1],'data_offsets':[0,4]}} | type 'F99', which is not supp",
        "{'a':{'shape':[1],'data_offsets':[0,4]}}               | type '', which is not supported",
        "{'a':{'dtype':'F32','data_offsets':[0,4]}}             | 'a' has no shape",
        "{'a':{'dtype':'F32','shape':[1]}}                      | 'a' has no data_offsets",
        "{'a':{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}} | a shape that is not whole",
        "{'a':{'dtype':'F32','shape':[1.5],'data_offsets':[0,4]}} | a shape that is not whole",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,0]}} | not a begin and an end",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4,4]}} | not a begin and an end",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,4]}} | takes 8 bytes, but 4 are set",
        "{'a':{'dtype':'F32','shape':[4611686018427387904],'data_offsets':[0,4]}} | too large",
        "{'a':{'dtype':'F32','shape':[0,9223372036854775807,9],'data_offsets':[0,0]}} | too large",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | header promises",
        "{'a':{'dtype':'F32','shape':[],'data_offsets':[1,5]}}  | header promises",
        "{'a':{'dtype':'U8','shape':[2],'data_offsets':[1,3]}}  | was next, leaving a gap",
        "{'a':{'dtype':'U8','shape':[2],'data_offsets':[0,2]}}  | ends its last tensor at byte",
        "{}                                                     | ends its last tensor at byte",
        "[]                                                     | does not start with '{'",
        "{'a':                                                  | is not JSON",
        "{'a':7}                                                | type '', which is not supported",
        "{} {}                                                  | is not JSON",
        "{'__metadata__':{'k':1}}                               | metadata 'k' that is no text",
        "{'__metadata__':7}                                     | metadata that is no object",
      })
  void aWrongHeaderIsRefusedInOneLine(String header, String problem) throws IOException {
    var path = RawSafetensors.write(folder.resolve("w.safetensors"), header.replace('\'', '"'), 4);
    assertThatThrownBy(() -> Safetensors.open(path))
        .isInstanceOf(CheckpointException.class)
        .hasMessageStartingWith(path + ": ")
        .hasMessageContaining(problem)
        .hasMessageNotContaining("\n");
  }

  @Test
  void overlapsAndDuplicatesAreRefused() throws IOException {
    var one = "\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}";
    var two = "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,4]}";
    var overlap = RawSafetensors.write(folder.resolve("o"), "{" + one + "," + two + "}", 4);
    assertThatThrownBy(() -> Safetensors.open(overlap))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("tensor 'b' overlaps another");
    var twice = RawSafetensors.write(folder.resolve("d"), "{" + one + "," + one + "}", 3);
    assertThatThrownBy(() -> Safetensors.open(twice))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("key 'a' is there twice");
  }

  @Test
  void aFileCutShortTellsBothLengths() throws IOException {
    var whole = Files.readAllBytes(good("g.safetensors"));
    var cut = folder.resolve("cut.safetensors");
    Files.write(cut, Arrays.copyOf(whole, whole.length - 3));
    assertThatThrownBy(() -> Safetensors.open(cut))
        .isInstanceOf(CheckpointException.class)
        .hasMessage(
            cut
                + ": file is cut short: header promises "
                + whole.length
                + " bytes (tensor 'b' ends there), "
                + (whole.length - 3)
                + " are there; download it again");
    Files.write(cut, Arrays.copyOf(whole, 40));
    assertThatThrownBy(() -> Safetensors.open(cut)).hasMessageContaining("file is cut short");
    Files.write(cut, new byte[5]);
    assertThatThrownBy(() -> Safetensors.open(cut)).hasMessageContaining("file is cut short");
    Files.write(cut, new byte[0]);
    assertThatThrownBy(() -> Safetensors.open(cut)).hasMessageContaining("file is cut short");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "PK\3\4 something zipped           | is not safetensors but a zip archive",
        "version https://git-lfs.github.com/spec/v1 | run 'git lfs pull'",
        "<!DOCTYPE html><html>No access</html>      | a web page",
        "long text that is nothing of the kind      | announce a header of",
      })
  void aFileOfAnotherKindIsCalledByItsName(String content, String problem) throws IOException {
    var path = Files.writeString(folder.resolve("f.safetensors"), content);
    assertThatThrownBy(() -> Safetensors.open(path))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(problem);
  }

  @Test
  void absentFilesAndFoldersAreRefused() {
    assertThatThrownBy(() -> Safetensors.open(folder.resolve("nothing")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("no such file");
    assertThatThrownBy(() -> Safetensors.open(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("is not a file");
  }

  @Test
  void aNameOutOfAFileCannotPlayWithTheTerminal() throws IOException {
    var header = "{\"x\\u001b[2J\\n\":{\"dtype\":\"F99\"}}";
    var path = RawSafetensors.write(folder.resolve("f.safetensors"), header, 0);
    assertThatThrownBy(() -> Safetensors.open(path))
        .hasMessageContaining("'x?[2J?'")
        .hasMessageNotContaining("\u001b");
  }

  @Test
  void whateverIsDoneToAFileOnlyCheckpointExceptionsComeOut() throws IOException {
    var whole = Files.readAllBytes(good("g.safetensors"));
    var path = folder.resolve("broken.safetensors");
    Seeds.times(
        400,
        random -> {
          Files.write(path, Damage.to(whole, 200, random));
          assertThatCode(() -> readAll(path))
              .satisfiesAnyOf(
                  e -> assertThat(e).isNull(),
                  e -> assertThat(e).isInstanceOf(CheckpointException.class));
        });
  }

  private static void readAll(Path path) {
    try (var scope = Scope.open();
        var file = TensorFile.open(path)) {
      file.names().forEach(file::read);
    }
  }

  private Path good(String name) throws IOException {
    var header =
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
            + "\"__metadata__\":{\"made\":\"here\"},"
            + "\"b\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[24,32]}}";
    return RawSafetensors.write(folder.resolve(name), header.getBytes(StandardCharsets.UTF_8), 32);
  }
}
