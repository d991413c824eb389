package dev.longtake.data;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakGuard.class)
class ShardFolderTest {
  private static final Map<String, String> FACTS = Map.of("model", "m", "frames", "5");
  private static final long TWO = 2 * 3 * 4; // bytes of two examples

  @TempDir Path folder;

  @Test
  void whatWasWrittenIsReadBackInAnyOrder() {
    write(0, 5);
    try (var scope = Scope.open();
        var shards = ShardFolder.open(folder)) {
      assertThat(shards.size()).isEqualTo(5);
      assertThat(shards.facts()).isEqualTo(FACTS);
      for (int i : new int[] {4, 0, 3, 1, 2}) {
        assertThat(shards.key(i)).isEqualTo("key" + i);
        assertThat(shards.caption(i)).isEqualTo("number\n\"" + i + "\"");
        assertThat(shards.read(i, "x")).isBitwiseEqualTo(tensor(i));
      }
    }
    assertThat(folder.resolve("shard-00002.safetensors")).exists();
    assertThat(folder.resolve("shard-00003.safetensors")).doesNotExist();
  }

  @Test
  void aWriterThatWasKilledIsContinuedByTheNext() throws Exception {
    try (var scope = Scope.open();
        var writer = ShardWriter.open(folder, FACTS, Damaged.REFUSE, TWO)) {
      for (int i = 0; i < 3; i++) {
        add(writer, i);
      }
    } // killed: the third is in no shard
    Files.writeString(
        folder.resolve(ShardIndex.FILE), "{\"file\":\"shard-00001", StandardOpenOption.APPEND);
    try (var shards = ShardFolder.open(folder)) {
      assertThat(shards.size()).isEqualTo(2);
    }
    try (var writer = ShardWriter.open(folder, FACTS, Damaged.REFUSE, TWO)) {
      assertThat(writer.holds("key1")).isTrue();
      assertThat(writer.holds("key2")).isFalse();
    }
    write(2, 5);
    try (var scope = Scope.open();
        var shards = ShardFolder.open(folder)) {
      for (int i = 0; i < 5; i++) {
        assertThat(shards.read(i, "x")).isBitwiseEqualTo(tensor(i));
      }
    }
  }

  @Test
  void aDamagedShardIsNamedAndDeletedOnlyOnRequest() throws Exception {
    write(0, 5);
    var second = folder.resolve("shard-00001.safetensors");
    Files.write(second, new byte[] {1}, StandardOpenOption.APPEND);
    assertThatThrownBy(() -> ShardFolder.open(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("shard-00001.safetensors: it has ")
        .hasMessageContaining("encode again with --delete-damaged")
        .hasMessageContaining("make its 2 examples anew");
    assertThatThrownBy(() -> ShardWriter.open(folder, FACTS, Damaged.REFUSE, TWO))
        .hasMessageContaining("shard-00001.safetensors");
    assertThat(second).exists();

    try (var writer = ShardWriter.open(folder, FACTS, Damaged.DELETE, TWO)) {
      assertThat(second).doesNotExist();
      assertThat(writer.size()).isEqualTo(3);
      assertThat(writer.holds("key2")).isFalse();
      assertThat(writer.holds("key3")).isFalse();
    }
    write(2, 4);
    assertThat(folder.resolve("shard-00003.safetensors")).as("no number is used twice").exists();
    try (var shards = ShardFolder.open(folder)) {
      assertThat(shards.size()).isEqualTo(5);
    }
  }

  @Test
  void aShardWithABrokenHeadOrWithoutItsExampleIsDamagedToo() throws Exception {
    write(0, 2);
    var shard = folder.resolve("shard-00000.safetensors");
    var bytes = Files.readAllBytes(shard);
    var index = folder.resolve(ShardIndex.FILE);
    bytes[9] = '?';
    Files.write(shard, bytes);
    assertThatThrownBy(() -> ShardFolder.open(folder)).hasMessageContaining("its head is damaged");
    bytes[9] = '"';
    Files.write(shard, bytes);
    Files.writeString(index, Files.readString(index).replace("key1", "key7"));
    assertThatThrownBy(() -> ShardFolder.open(folder))
        .hasMessageContaining("it lacks example key7");
    Files.delete(shard);
    assertThatThrownBy(() -> ShardFolder.open(folder)).hasMessageContaining("it has 0 of ");
  }

  @Test
  void otherFactsAreRefusedWithBothValues() {
    write(0, 1);
    assertThatThrownBy(
            () ->
                ShardWriter.open(folder, Map.of("model", "m", "frames", "9"), Damaged.REFUSE, TWO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("was encoded with frames 5, not 9; give another folder");
  }

  @Test
  void aFolderWithoutExamplesAndAnIndexThatLeadsOutOfItAreRefused() throws Exception {
    assertThatThrownBy(() -> ShardFolder.open(folder))
        .hasMessageContaining("it has no index.jsonl");
    write(0, 0);
    assertThatThrownBy(() -> ShardFolder.open(folder)).hasMessageContaining("holds no example yet");
    write(0, 1);
    var index = folder.resolve(ShardIndex.FILE);
    Files.writeString(index, Files.readString(index).replace("shard-00000", "../shard-00000"));
    assertThatThrownBy(() -> ShardFolder.open(folder)).hasMessageContaining("line 2 is damaged");
  }

  @Test
  void aFolderHasOneWriterAtATime() {
    try (var writer = ShardWriter.open(folder, FACTS, Damaged.REFUSE, TWO)) {
      assertThatThrownBy(() -> ShardWriter.open(folder, FACTS, Damaged.REFUSE, TWO))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("is being written to already");
    }
    write(0, 1);
  }

  @Test
  void aKeyIsGivenOnce() {
    try (var scope = Scope.open();
        var writer = ShardWriter.open(folder, FACTS, Damaged.REFUSE, TWO)) {
      add(writer, 1);
      assertThatThrownBy(() -> add(writer, 1)).hasMessageContaining("'key1' is there already");
    }
  }

  private void write(int from, int to) {
    try (var scope = Scope.open();
        var writer = ShardWriter.open(folder, FACTS, Damaged.REFUSE, TWO)) {
      for (int i = from; i < to; i++) {
        add(writer, i);
      }
      writer.flush();
    }
  }

  private static void add(ShardWriter writer, int number) {
    writer.add("key" + number, "number\n\"" + number + "\"", Map.of("x", tensor(number)));
  }

  private static Tensor tensor(int number) {
    return Tensor.full(number, Dtype.FLOAT32, Device.CPU, 3);
  }
}
