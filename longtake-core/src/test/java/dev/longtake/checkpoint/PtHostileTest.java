package dev.longtake.checkpoint;

import static dev.longtake.checkpoint.PickleWriter.longs;
import static dev.longtake.checkpoint.PickleWriter.orderedDict;
import static dev.longtake.checkpoint.PickleWriter.pickle;
import static dev.longtake.checkpoint.PickleWriter.raw;
import static dev.longtake.checkpoint.PickleWriter.storage;
import static dev.longtake.checkpoint.PickleWriter.tensor;
import static dev.longtake.checkpoint.PickleWriter.tuple;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.PickleWriter.Built;
import dev.longtake.checkpoint.PickleWriter.Call;
import dev.longtake.checkpoint.PickleWriter.Global;
import dev.longtake.checkpoint.PickleWriter.Outside;
import dev.longtake.tensor.Scope;
import dev.longtake.testkit.Fixtures;
import dev.longtake.testkit.Seeds;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class PtHostileTest {
  private static final Outside SIX = storage("FloatStorage", "0", 6);

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "2, posix, system",
    "4, os, system",
    "2, builtins, eval",
    "2, __builtin__, getattr",
    "2, torch, load",
    "4, torch.storage, _load_from_bytes",
    "2, collections, Counter",
    "2, numpy.core.multiarray, _reconstruct",
    "2, torch.nn.modules.linear, Linear"
  })
  void aNameThatIsNotOnTheAllowListIsRefusedByName(int protocol, String module, String name) {
    var call = new Call(new Global(module, name), List.of("touch pwned"));
    assertThatThrownBy(() -> open(pickle(protocol, Map.of("w", call))))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(
            "asks for '" + module + "." + name + "', which is not on the allow-list")
        .hasMessageContaining("refuse files you do not trust")
        .hasMessageNotContaining("\n");
  }

  static Stream<Arguments> brokenPickles() {
    return Stream.of(
        Arguments.of("uses opcode 105", raw('i', 'o', 's', '\n', 's', '\n')),
        Arguments.of("uses opcode 105", raw('(', 'i', 'o', 's', '\n')),
        Arguments.of("takes more objects than it made", raw('0')),
        Arguments.of("takes more objects than it made", raw('a')),
        Arguments.of("closes a group that it never opened", raw('t')),
        Arguments.of("recalls object 9", raw('h', 9)),
        Arguments.of("ends early", raw('X', 255, 255, 255, 127)),
        Arguments.of("ends early", raw('T', 255, 255, 255, 255)),
        Arguments.of("ends early", raw(0x8b, 0, 0, 0, 128)),
        Arguments.of("ends early", raw(0x8d, 255, 255, 255, 255, 255, 255, 255, 255)),
        Arguments.of("text that is not UTF-8", raw('X', 1, 0, 0, 0, 255)),
        Arguments.of("is of protocol 9", raw(0x80, 9)),
        Arguments.of("a key without a value", raw('}', '(', 'K', 1, 'u')),
        Arguments.of("neither text nor a whole number", raw('}', ')', 'K', 1, 's')),
        Arguments.of("sets key '1' twice", raw('}', '(', 'K', 1, 'N', 'K', 1, 'N', 'u')),
        Arguments.of("has a Tuple where a List belongs", raw(')', 'K', 1, 'a')),
        Arguments.of("has a Long where a Map belongs", raw('K', 1, 'K', 1, 'K', 1, 's')),
        Arguments.of("has a Long where a Function belongs", raw('K', 1, ')', 'R')),
        Arguments.of("attributes of something that is no dict", new Built(tuple(), Map.of())),
        Arguments.of("refers to something outside", new Outside(tuple("file", "x"))),
        Arguments.of("storage 'nine', which is not there", storage("FloatStorage", "nine", 1)),
        Arguments.of("storage '../byteorder', which", storage("FloatStorage", "../byteorder", 1)),
        Arguments.of("promises 7 elements of 4 bytes", storage("FloatStorage", "0", 7)),
        Arguments.of("promises -1 elements", storage("FloatStorage", "0", -1)),
        Arguments.of("promises 9223372036854775807", storage("ByteStorage", "0", Long.MAX_VALUE)),
        Arguments.of("28 bytes of a storage of 24", view(1, longs(6), longs(1))),
        Arguments.of("28 bytes of a storage of 24", view(0, longs(3, 2), longs(2, 2))),
        Arguments.of("negative numbers", view(-1, longs(2), longs(1))),
        Arguments.of("negative numbers", view(2, longs(2), longs(-1))),
        Arguments.of("negative numbers", view(0, longs(-2), longs(1))),
        Arguments.of("shape [2] with strides [1, 1]", view(0, longs(2), longs(1, 1))),
        Arguments.of("does not fit its storage", view(0, longs(1L << 62, 1L << 62), longs(0, 0))),
        Arguments.of("repeats 4 bytes until", view(0, longs(1L << 40), longs(0))),
        Arguments.of("does not fit its storage", view(0, longs(2), longs(1L << 62))),
        Arguments.of("does not fit its storage", view(Long.MAX_VALUE, longs(1), longs(1))),
        Arguments.of(
            "a tensor without a type",
            tensor(
                new Outside(
                    tuple("storage", new Global("torch", "UntypedStorage"), "0", "cpu", 24)),
                0,
                tuple(6),
                tuple(1))),
        Arguments.of(
            "lazily negated",
            new Call(
                new Global("torch._utils", "_rebuild_tensor_v2"),
                List.of(SIX, 0, tuple(6), tuple(1), false, orderedDict(), Map.of("neg", true)))),
        Arguments.of(
            "passes 1 arguments where more",
            new Call(new Global("torch._utils", "_rebuild_tensor_v2"), List.of(SIX))));
  }

  @ParameterizedTest
  @MethodSource("brokenPickles")
  void aBrokenPickleIsRefused(String problem, Object value) {
    assertThatThrownBy(() -> open(pickle(value)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(problem)
        .hasMessageNotContaining("\n");
  }

  @Test
  void aDictInsideItselfIsRefusedWhereItIsWalked() throws IOException {
    // {} kept as 0, then stored in itself under "w".
    var cycle = raw('}', 'q', 0, 'X', 1, 0, 0, 0, 'w', 'h', 0, 's');
    try (var checkpoint = PtCheckpoint.open(write(pickle(cycle)))) {
      assertThat(checkpoint.has("w", "w", "w")).isTrue();
      assertThatThrownBy(checkpoint::tensors)
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("nest without end");
    }
  }

  @Test
  void listsOfListsThatMultiplyAreRefusedBeforeTheyFillTheMemory() throws IOException {
    // Each of 30 levels holds the one before ten times.
    var bomb = new ByteArrayOutputStream();
    bomb.writeBytes(new byte[] {']', 'q', 0});
    for (int level = 1; level <= 30; level++) {
      bomb.writeBytes(new byte[] {']', 'q', (byte) level, '('});
      for (int i = 0; i < 10; i++) {
        bomb.writeBytes(new byte[] {'h', (byte) (level - 1)});
      }
      bomb.write('e');
    }
    var value = new PickleWriter.Raw(bomb.toByteArray());
    try (var checkpoint = PtCheckpoint.open(write(pickle(value)))) {
      assertThatThrownBy(checkpoint::tensors)
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("nest without end");
    }
  }

  @Test
  void deepNestingDoesNotOverflowTheStack() {
    var deep = new ByteArrayOutputStream();
    for (int i = 0; i < 200_000; i++) {
      deep.write(']');
    }
    for (int i = 1; i < 200_000; i++) {
      deep.write('a');
    }
    assertThatThrownBy(() -> open(pickle(new PickleWriter.Raw(deep.toByteArray()))))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("nest without end");
  }

  @Test
  void whateverIsDoneToAPickleOnlyCheckpointExceptionsComeOut() throws IOException {
    byte[] whole =
        pickle(
            Map.of("generator", Map.of("w", tensor(SIX, 0, tuple(2, 3), tuple(3, 1))), "step", 7));
    Seeds.times(
        400,
        random -> {
          byte[] damaged = Damage.to(whole, whole.length, random);
          expectOnlyCheckpointExceptions(() -> open(damaged));
        });
  }

  @Test
  void whateverIsDoneToAZipOnlyCheckpointExceptionsComeOut() throws IOException {
    byte[] whole =
        archive(pickle(Map.of("w", tensor(SIX, 0, tuple(2, 3), tuple(3, 1))))).zip(ZipEntry.STORED);
    Seeds.times(
        400,
        random -> {
          var path = Files.write(folder.resolve("z.pt"), Damage.to(whole, whole.length, random));
          expectOnlyCheckpointExceptions(() -> readAll(path));
        });
  }

  @Test
  void theReferenceCheckpointCutAnywhereGivesACheckpointException() throws IOException {
    byte[] whole = Files.readAllBytes(Fixtures.file("dit-checkpoint-bf16.pt"));
    Seeds.times(
        20,
        random -> {
          int length = random.nextInt(whole.length);
          var path = Files.write(folder.resolve("cut.pt"), java.util.Arrays.copyOf(whole, length));
          assertThatThrownBy(() -> PtCheckpoint.open(path)).isInstanceOf(CheckpointException.class);
        });
  }

  private interface Action {
    void run() throws Exception;
  }

  private static void expectOnlyCheckpointExceptions(Action action) {
    assertThatCode(action::run)
        .satisfiesAnyOf(
            e -> assertThat(e).isNull(),
            e -> assertThat(e).isInstanceOf(CheckpointException.class));
  }

  private static Call view(long offset, Object[] shape, Object[] strides) {
    return tensor(SIX, offset, tuple(shape), tuple(strides));
  }

  private void open(byte[] pickle) throws IOException {
    readAll(write(pickle));
  }

  private Path write(byte[] pickle) throws IOException {
    return archive(pickle).write(folder.resolve("hostile.pt"));
  }

  private static PtArchive archive(byte[] pickle) {
    return new PtArchive("archive/", pickle).floats("0", 1, 2, 3, 4, 5, 6);
  }

  private static void readAll(Path path) {
    try (var scope = Scope.open();
        var file = TensorFile.open(path)) {
      file.names().forEach(file::read);
    }
  }
}
