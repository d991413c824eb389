package dev.longtake.train;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.optim.FlatParameters;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakGuard.class)
class CheckpointStoreTest {
  @TempDir Path folder;

  @Test
  void aFolderThatCannotBeMadeIsToldInOneLineWithTheRemedy() throws Exception {
    var file = Files.createFile(folder.resolve("file"));
    assertThatThrownBy(() -> new CheckpointStore(file.resolve("stage"), "stage", 1))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining(file.resolve("stage") + " cannot be made (")
        .hasMessageEndingWith("; give another output folder")
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
    assertThatThrownBy(() -> EventFile.in(file))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("cannot write event files in " + file)
        .hasMessageEndingWith("; check free space and permissions");
  }

  @Test
  void anEmptyFolderResumesNothing() {
    var store = new CheckpointStore(folder.resolve("new"), "causal", 2);
    withLoop(4, loop -> assertThat(loop.resume(store)).isFalse());
    assertThat(store.newestStep()).isEmpty();
  }

  @Test
  void theLastFewStatesStay() {
    var store = new CheckpointStore(folder, "causal", 2);
    for (long step : new long[] {2, 4, 100, 20_000}) {
      save(store, step);
    }
    assertThat(store.files())
        .extracting(file -> file.getFileName().toString())
        .containsExactly("checkpoint-00000100.safetensors", "checkpoint-00020000.safetensors");
    assertThat(store.newestStep()).hasValue(20_000);
    withLoop(
        4,
        loop -> {
          assertThat(loop.resume(store)).isTrue();
          assertThat(loop.step()).isEqualTo(20_000);
          assertThat(loop.state().first().toFloats()).containsOnly(2);
          assertThat(loop.state().second().toFloats()).containsOnly(3);
          assertThat(loop.average().average().toFloats()).containsOnly(4);
        });
  }

  @Test
  void aSaveThatWasKilledLeavesItsPredecessor() throws Exception {
    var store = new CheckpointStore(folder, "causal", 2);
    save(store, 2);
    byte[] whole = Files.readAllBytes(store.files().getLast());
    var half = folder.resolve("checkpoint-00000004.safetensors.4711.part");
    Files.write(half, Arrays.copyOf(whole, whole.length / 2));
    withLoop(
        4,
        loop -> {
          assertThat(loop.resume(store)).isTrue();
          assertThat(loop.step()).isEqualTo(2);
        });
    save(store, 4);
    assertThat(store.newestStep()).hasValue(4);
  }

  @Test
  void aDamagedStateIsRefusedNamingTheFile() throws Exception {
    var store = new CheckpointStore(folder, "causal", 2);
    save(store, 2);
    var file = store.files().getLast();
    Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 200));
    withLoop(
        4,
        loop ->
            assertThatThrownBy(() -> loop.resume(store))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("checkpoint-00000002.safetensors: cannot be resumed from (")
                .hasMessageNotContaining("download")
                .hasMessageEndingWith("; delete it to resume from the one before")
                .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1)));
  }

  @Test
  void oneFlippedBitIsSeenAndDeletingTheFileGoesOnFromTheOneBefore() throws Exception {
    var store = new CheckpointStore(folder, "causal", 2);
    save(store, 2);
    save(store, 4);
    var file = store.files().getLast();
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 6] ^= 1;
    Files.write(file, bytes);
    withLoop(
        4,
        loop -> {
          assertThatThrownBy(() -> loop.resume(store))
              .isInstanceOf(CheckpointException.class)
              .hasMessageContaining("checkpoint-00000004.safetensors: is damaged: the checksum")
              .hasMessageEndingWith("; delete it to resume from the one before");
          assertThat(loop.step()).isZero();
          assertThat(loop.state().values().toFloats()).containsOnly(0);
        });
    Files.delete(file);
    withLoop(
        4,
        loop -> {
          assertThat(loop.resume(store)).isTrue();
          assertThat(loop.step()).isEqualTo(2);
        });
  }

  @Test
  void theBestStateStaysWithTheLastOnesAndTheNewestIsResumed() {
    var store = new CheckpointStore(folder, "causal", 2, "loss");
    double[] losses = {5, 3, 4, 1, 2, 6, 7};
    try (var scope = Scope.open()) {
      for (int step = 0; step < losses.length; step++) {
        var state = new TrainingState(step, step, full(1), full(2), full(3), full(4));
        store.save(state.whole(), Map.of("loss", losses[step], "other", -1.0));
      }
    }
    assertThat(store.best()).hasValueSatisfying(file -> assertThat(file).endsWithRaw(named(3)));
    assertThat(store.files())
        .extracting(Path::getFileName)
        .containsExactly(named(3), named(5), named(6));
    withLoop(
        4,
        loop -> {
          assertThat(loop.resume(store)).isTrue();
          assertThat(loop.step()).isEqualTo(6);
        });
    assertThatThrownBy(() -> save(store, 8))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("keep_best is 'loss', which is not logged");
    assertThat(store.newestStep()).as("saved all the same").hasValue(8);
  }

  private static Path named(int step) {
    return Path.of("checkpoint-0000000" + step + ".safetensors");
  }

  @Test
  void aFullDiskKeepsThePreviousStateAndIsToldInOneLine() throws Exception {
    assumeTrue(Files.exists(Path.of("/bin/bash")), "needs a shell with ulimit");
    // A limit on the size of files (in KiB) stands in for a small disk.
    var log = folder.resolve("log");
    var child =
        new ProcessBuilder(
                "/bin/bash",
                "-c",
                "ulimit -f 64; exec \"$0\" \"$@\"",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                ChildSaver.class.getName(),
                folder.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertThat(child.waitFor(60, TimeUnit.SECONDS)).as("child ends").isTrue();
    assertThat(Files.readAllLines(log))
        .singleElement()
        .asString()
        .contains("checkpoint-00000004.safetensors: cannot be written")
        .contains("check free space");
    var store = new CheckpointStore(folder, "causal", 1);
    assertThat(store.files()).hasSize(1);
    withLoop(
        4,
        loop -> {
          assertThat(loop.resume(store)).isTrue();
          assertThat(loop.step()).isEqualTo(2);
        });
  }

  @Test
  void aStateOfAnotherStageIsRefusedInOneLine() {
    save(new CheckpointStore(folder, "vae", 2), 2);
    var store = new CheckpointStore(folder, "causal", 2);
    refused(store, 4, "is a checkpoint of stage vae, not of causal; give another output folder");
  }

  @Test
  void aStateOfAnotherModelIsRefusedInOneLine() {
    var store = new CheckpointStore(folder, "causal", 2);
    save(store, 2);
    refused(store, 5, "holds 4 weights, this model has 5; give another output folder");
  }

  @Test
  void whatIsNoStateOfARunIsToldAsThat() {
    try (var scope = Scope.open()) {
      Safetensors.write(
          folder.resolve("checkpoint-00000002.safetensors"),
          Map.of("values", Tensor.zeros(Dtype.FLOAT32, Device.CPU, 4)),
          Map.of());
    }
    refused(
        new CheckpointStore(folder, "causal", 2),
        4,
        "is no checkpoint of a run: it names no stage");
  }

  @Test
  void aStateThatDoesNotSayItsStepIsRefusedInOneLine() {
    try (var scope = Scope.open()) {
      var values = Tensor.zeros(Dtype.FLOAT32, Device.CPU, 4);
      Safetensors.write(
          folder.resolve("checkpoint-00000002.safetensors"),
          Map.of("values", values, "first", values, "second", values, "average", values),
          Map.of("stage", "causal", "updates", "2"));
    }
    refused(new CheckpointStore(folder, "causal", 2), 4, "says '' for its step");
  }

  @Test
  void aStateSurvivesTheRoundTripBitForBit() {
    var store = new CheckpointStore(folder, "causal", 1);
    try (var scope = Scope.open()) {
      var values = Tensor.of(new float[] {Float.MIN_VALUE, -0f, 1e38f, 1 / 3f}, 4);
      store.save(new TrainingState(7, 6, values, values, values, values).whole(), Map.of());
      withLoop(
          4,
          loop -> {
            loop.resume(store);
            assertThat(loop.state().updates()).isEqualTo(6);
            assertThat(loop.state().values()).isBitwiseEqualTo(values);
          });
    }
  }

  @Test
  void severalNetworksAreSavedAndReadTogether() {
    var store = new CheckpointStore(folder, "distil", 1);
    try (var scope = Scope.open()) {
      var one = new SavedPart("one", 3, Map.of("values", full(1), "average", full(2)));
      var two = new SavedPart("two", 8, Map.of("values", full(3)));
      store.save(new RunState(9, List.of(one, two)), Map.of());
      var values = full(0);
      var average = full(0);
      var others = full(0);
      var counts =
          store.read(
              List.of(
                  new SavedPart("one", 0, Map.of("values", values, "average", average)),
                  new SavedPart("two", 0, Map.of("values", others))),
              Carried.NOTHING);
      assertThat(counts).contains(new CheckpointStore.Counts(9, List.of(3L, 8L)));
      assertThat(values.toFloats()).containsOnly(1);
      assertThat(average.toFloats()).containsOnly(2);
      assertThat(others.toFloats()).containsOnly(3);
    }
  }

  @Test
  void aPartThatIsMissingIsNamed() {
    var store = new CheckpointStore(folder, "distil", 1);
    try (var scope = Scope.open()) {
      var part = new SavedPart("one", 3, Map.of("values", full(1)));
      store.save(new RunState(9, List.of(part)), Map.of());
      var wanted = new SavedPart("one", 0, Map.of("values", full(0), "average", full(0)));
      assertThatThrownBy(() -> store.read(List.of(wanted), Carried.NOTHING))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("lacks tensor 'one.average'");
    }
  }

  @Test
  void whatARunCarriesIsSavedWithTheRestAndItsDamageIsSeen() throws Exception {
    var store = new CheckpointStore(folder, "distil", 1);
    try (var scope = Scope.open()) {
      var part = new SavedPart("", 3, Map.of("values", full(1)));
      var carried = Tensor.full(7, Dtype.FLOAT32, Device.CPU, 2, 3);
      store.save(new RunState(9, List.of(part), Map.of("zz", carried)), Map.of());
      var found = new LinkedHashMap<String, Tensor>();
      var own = new SavedPart("", 0, Map.of("values", full(0)));
      store.read(List.of(own), carrier(found));
      assertThat(found).containsOnlyKeys("zz");
      assertThat(own.tensors()).allSatisfy((name, t) -> assertThat(t.toFloats()).containsOnly(1));
      assertThatThrownBy(() -> store.read(List.of(own), Carried.NOTHING))
          .isInstanceOf(TrainingException.class)
          .hasMessageContaining("carries zz, which this run knows nothing of");

      var file = store.files().getLast();
      byte[] bytes = Files.readAllBytes(file);
      int seven = carriedAt(bytes);
      bytes[seven] ^= 1;
      Files.write(file, bytes);
      var untouched = new SavedPart("", 0, Map.of("values", full(0)));
      assertThatThrownBy(() -> store.read(List.of(untouched), carrier(found)))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("is damaged: the checksum");
      assertThat(untouched.tensors())
          .allSatisfy((name, tensor) -> assertThat(tensor.toFloats()).containsOnly(0));
    }
  }

  /** Where the first byte of a carried 7 is, told from the weights' 1 by its sign and exponent. */
  private static int carriedAt(byte[] bytes) {
    for (int i = 3; i < bytes.length; i++) {
      if (bytes[i] == 0x40 && bytes[i - 1] == (byte) 0xe0) { // 7 is 0x40e00000
        return i - 3;
      }
    }
    throw new AssertionError("no 7 in the file");
  }

  private static Carried carrier(Map<String, Tensor> found) {
    return new Carried() {
      @Override
      public Map<String, Tensor> tensors() {
        return Map.of();
      }

      @Override
      public void restore(Map<String, Tensor> saved) {
        found.putAll(saved);
      }
    };
  }

  @Test
  void keepingNoStateIsRefused() {
    assertThatThrownBy(() -> new CheckpointStore(folder, "causal", 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("keep must be at least 1, not 0");
  }

  private static void refused(CheckpointStore store, int weights, String because) {
    withLoop(
        weights,
        loop ->
            assertThatThrownBy(() -> loop.resume(store))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("checkpoint-00000002.safetensors")
                .hasMessageContaining(because)
                .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1)));
  }

  private static void withLoop(int weights, Consumer<TrainingLoop> check) {
    try (var scope = Scope.open();
        var flat =
            FlatParameters.copyOf(
                Map.of("w", Tensor.zeros(Dtype.FLOAT32, Device.CPU, weights)), Device.CPU);
        var loop = new TrainingLoop(Tiny.config(9, 1, 1), flat)) {
      check.accept(loop);
    }
  }

  /** Four weights whose parts can be told from one another. */
  static void save(CheckpointStore store, long step) {
    try (var scope = Scope.open()) {
      var state = new TrainingState(step, step, full(1), full(2), full(3), full(4));
      store.save(state.whole(), Map.of());
    }
  }

  private static Tensor full(double value) {
    return Tensor.full(value, Dtype.FLOAT32, Device.CPU, 4);
  }
}
