package dev.longtake.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinkedCopyTest {
  @TempDir private Path folder;

  @Test
  void itOutlastsTheFirstNameAndWhatTakesItsPlace() throws IOException {
    var first = Files.writeString(folder.resolve("first.safetensors"), "weights");
    var second = folder.resolve("second.safetensors");

    LinkedCopy.of(first, second);
    Files.move(
        Files.writeString(folder.resolve("part"), "others"), first, StandardCopyOption.ATOMIC_MOVE);

    assertThat(first).hasContent("others");
    assertThat(second).hasContent("weights");
    Files.delete(first);
    assertThat(second).hasContent("weights");
  }

  @Test
  void aLinkThatLeadsToTheFileIsFollowed() throws IOException {
    Files.createDirectory(folder.resolve("blobs"));
    Files.writeString(folder.resolve("blobs/1a2b"), "weights");
    var named = folder.resolve("named.safetensors");
    Files.createSymbolicLink(named, Path.of("blobs", "1a2b"));
    var elsewhere = Files.createDirectory(folder.resolve("elsewhere"));

    LinkedCopy.of(named, elsewhere.resolve("copy.safetensors"));

    assertThat(elsewhere.resolve("copy.safetensors")).isRegularFile().hasContent("weights");
    assertThat(Files.isSymbolicLink(elsewhere.resolve("copy.safetensors"))).isFalse();
  }

  @Test
  void whatIsEditedByHandIsCopied() throws IOException {
    var config = Files.writeString(folder.resolve("config.json"), "guidance 1");
    var copy = folder.resolve("copy.json");

    LinkedCopy.of(config, copy);
    Files.writeString(copy, "guidance 3");

    assertThat(config).hasContent("guidance 1");
  }

  @Test
  void whatIsAbsentOrThereAlreadyIsRefused() throws IOException {
    var there = Files.writeString(folder.resolve("there.safetensors"), "old");
    assertThatThrownBy(
            () -> LinkedCopy.of(folder.resolve("absent"), folder.resolve("to.safetensors")))
        .isInstanceOf(NoSuchFileException.class);
    var from = Files.writeString(folder.resolve("from.safetensors"), "new");
    assertThatThrownBy(() -> LinkedCopy.of(from, there))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThat(there).hasContent("old");
  }
}
