package dev.longtake.inspect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.PtCheckpoint;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.checkpoint.ShardedSafetensors;
import dev.longtake.checkpoint.TensorFile;
import dev.longtake.inspect.Contents.Kind;
import dev.longtake.testkit.Fixtures;
import dev.longtake.testkit.LeakGuard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Files and folders of every kind. */
@ExtendWith(LeakGuard.class)
class ContentsTest {
  @TempDir Path folder;

  @Test
  void anArchiveHasItsPartsAndItsNumbers() {
    var contents = Contents.of(Fixtures.file("dit-checkpoint-bf16.pt"));

    assertThat(contents.kind()).isEqualTo(Kind.ARCHIVE);
    assertThat(contents.values()).containsExactly(Map.entry("step", "7"));
    assertThat(contents.parts()).extracting(Part::name).containsExactly("generator_ema");
    assertThat(contents.parts().getFirst().tensors()).hasSize(96);
  }

  @Test
  void anArchiveOfTensorsAloneIsOnePart() {
    var path = folder.resolve("flat.pth");
    try (var file = TensorFile.open(Fixtures.file("vae.safetensors"))) {
      PtCheckpoint.write(path, file);
    }

    var contents = Contents.of(path);

    assertThat(contents.parts()).singleElement().satisfies(p -> assertThat(p.name()).isEmpty());
    assertThat(contents.parts().getFirst().tensors())
        .containsExactlyElementsOf(
            Contents.of(Fixtures.file("vae.safetensors")).parts().getFirst().tensors());
  }

  @Test
  void aDiffusersFolderHasOnePartForEachNetwork() throws IOException {
    Files.writeString(folder.resolve("model_index.json"), "{}");
    try (var file = TensorFile.open(Fixtures.file("dit.safetensors"))) {
      var index = folder.resolve("transformer/diffusion_pytorch_model" + ShardedSafetensors.ENDING);
      ShardedSafetensors.write(index, file, 500_000, Map.of());
    }
    try (var file = TensorFile.open(Fixtures.file("vae.safetensors"))) {
      Safetensors.write(folder.resolve("vae/model.safetensors"), file, Map.of("format", "pt"));
    }

    var contents = Contents.of(folder);

    assertThat(contents.kind()).isEqualTo(Kind.DIFFUSERS_FOLDER);
    assertThat(contents.parts())
        .extracting(Part::name)
        .containsExactly(
            "transformer/diffusion_pytorch_model.safetensors.index.json", "vae/model.safetensors");
    assertThat(contents.parts().getFirst().tensors()).hasSize(96);
    assertThat(contents.parts().getLast().metadata()).isEqualTo(Map.of("format", "pt"));
  }

  @Test
  void aWanFolderHasItsThreeNetworks() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{\"_class_name\": \"WanModel\"}");
    copy("dit.safetensors", folder.resolve("diffusion_pytorch_model.safetensors"));
    copy("t5.safetensors", folder.resolve("models_t5_umt5-xxl-enc-bf16.pth"));
    copy("vae.safetensors", folder.resolve("Wan2.1_VAE.pth"));

    var contents = Contents.of(folder);

    assertThat(contents.kind()).isEqualTo(Kind.WAN_FOLDER);
    assertThat(contents.parts())
        .extracting(part -> Recognised.of(part.tensors()).orElseThrow().kind())
        .containsExactly(
            Recognised.Kind.AUTOENCODER, Recognised.Kind.TRANSFORMER, Recognised.Kind.TEXT_ENCODER);
  }

  private static void copy(String fixture, Path to) {
    try (var file = TensorFile.open(Fixtures.file(fixture))) {
      if (to.toString().endsWith(".pth")) {
        PtCheckpoint.write(to, file);
      } else {
        Safetensors.write(to, file, Map.of());
      }
    }
  }

  @Test
  void shardsWithoutTheirIndexAreToldOneByOne() throws IOException {
    var index = folder.resolve("m" + ShardedSafetensors.ENDING);
    try (var file = TensorFile.open(Fixtures.file("dit.safetensors"))) {
      ShardedSafetensors.write(index, file, 1_000_000, Map.of());
    }
    Files.delete(index);

    assertThat(Contents.of(folder).parts())
        .extracting(Part::name)
        .containsExactly("m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors");
  }

  @Test
  void aFolderWithoutWeightsSaysWhatItLacks() throws IOException {
    Files.writeString(folder.resolve("notes.txt"), "none");

    assertThatThrownBy(() -> Contents.of(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContainingAll(folder.toString(), "holds no weights", ".safetensors");
  }

  @Test
  void aDamagedFileInAFolderIsNamed() throws IOException {
    Files.writeString(folder.resolve("broken.safetensors"), "<html>sorry</html>");

    assertThatThrownBy(() -> Contents.of(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContainingAll("broken.safetensors", "web page");
  }
}
