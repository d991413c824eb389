package dev.longtake.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.text.TextResidence;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A folder that is not whole is refused in one line that names the file and the remedy. */
@ExtendWith(LeakGuard.class)
class VideoModelTest {
  @TempDir Path folder;

  @BeforeEach
  void write() {
    TinyModel.write(folder);
  }

  @Test
  void aWholeFolderIsOpenedAndClosedWithoutALeak() {
    try (var model = open()) {
      assertThat(model.config()).isEqualTo(TinyModel.config());
      assertThat(model.device()).isEqualTo(Device.CPU);
      assertThat(model.dtype()).isEqualTo(Dtype.FLOAT32);
      assertThat(model.parameters()).isGreaterThan(10_000);
      assertThat(model.tokenizer().maxLength()).isEqualTo(TinyModel.PROMPT_TOKENS);
    }
  }

  @Test
  void theWeightsAreReadInTheTypeAskedFor() {
    try (var scope = Scope.open();
        var model = VideoModel.open(folder, Device.CPU, Dtype.BFLOAT16);
        var video =
            VideoGenerator.start(model, VideoRequest.of(model.config(), TinyModel.PROMPT))) {
      assertThat(model.text().encode(TinyModel.PROMPT).dtype()).isEqualTo(Dtype.BFLOAT16);
      assertThat(video.next().frames()).hasSize(9);
    }
  }

  @Test
  void theVideoIsTheSameWhereverTheTextEncoderIs() {
    var expected = firstPictures(TextResidence.DEVICE);

    for (var residence : TextResidence.values()) {
      assertThat(firstPictures(residence)).as("%s", residence).isDeepEqualTo(expected);
    }
  }

  @Test
  void aPassingTextEncoderCountsAndIsCheckedAsTheOthersAre() {
    long parameters;
    try (var model = open()) {
      parameters = model.parameters();
    }
    try (var model = open(TextResidence.PASSING)) {
      assertThat(model.parameters()).isEqualTo(parameters);
    }
    change(VideoModel.TEXT_ENCODER, tensors -> tensors.remove("blocks.0.attn.o.weight"));
    refused("text_encoder.safetensors", "no tensor 'blocks.0.attn.o.weight' of shape [6, 6]");
    assertThatThrownBy(() -> open(TextResidence.PASSING))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("no tensor 'blocks.0.attn.o.weight' of shape [6, 6]");
  }

  @Test
  void aFolderThatIsNoModelIsRefused() {
    assertThatThrownBy(() -> VideoModel.open(folder.resolve("absent"), Device.CPU, Dtype.FLOAT32))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("absent: there is no such folder, hence no config.json");
  }

  @Test
  void everyMissingFileIsNamed() throws Exception {
    for (var name :
        List.of(
            VideoModel.TRANSFORMER,
            VideoModel.VAE,
            VideoModel.TEXT_ENCODER,
            VideoModel.TOKENIZER)) {
      var aside = folder.resolve("aside");
      Files.move(folder.resolve(name), aside);
      refused("lacks " + name + "; copy the whole model folder again");
      Files.move(aside, folder.resolve(name));
    }
  }

  @Test
  void aMissingTensorIsNamed() {
    change(VideoModel.TRANSFORMER, tensors -> tensors.remove("blocks.1.ffn.2.bias"));
    refused("transformer.safetensors", "no tensor 'blocks.1.ffn.2.bias' of shape [16]");
  }

  @Test
  void aSpareTensorIsNamed() {
    change(
        VideoModel.VAE,
        tensors -> tensors.put("extra", Tensor.zeros(Dtype.FLOAT32, Device.CPU, 3)));
    refused("vae.safetensors", "does not know 'extra'");
  }

  @Test
  void aTensorOfAnotherShapeIsNamedWithBoth() {
    change(
        VideoModel.TEXT_ENCODER,
        tensors -> tensors.put("norm.weight", Tensor.zeros(Dtype.FLOAT32, Device.CPU, 9)));
    refused("text_encoder.safetensors", "'norm.weight' has shape [9], the model needs [6]");
  }

  @Test
  void aDamagedFileIsNamed() throws Exception {
    var file = folder.resolve(VideoModel.VAE);
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 5));
    refused("vae.safetensors");
  }

  private void change(String name, Consumer<Map<String, Tensor>> how) {
    try (var scope = Scope.open()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      try (var file = Safetensors.open(folder.resolve(name))) {
        file.names().forEach(tensor -> tensors.put(tensor, file.read(tensor)));
      }
      how.accept(tensors);
      Safetensors.write(folder.resolve(name), tensors, Map.of());
    }
  }

  private void refused(String... told) {
    assertThatThrownBy(this::open)
        .isInstanceOf(CheckpointException.class)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1))
        .extracting(Throwable::getMessage)
        .asString()
        .contains(told);
  }

  private byte[][] firstPictures(TextResidence residence) {
    try (var model = open(residence);
        var video =
            VideoGenerator.start(model, VideoRequest.of(model.config(), TinyModel.PROMPT))) {
      return video.next().frames().toArray(byte[][]::new);
    }
  }

  private VideoModel open() {
    return VideoModel.open(folder, Device.CPU, Dtype.FLOAT32);
  }

  private VideoModel open(TextResidence residence) {
    return VideoModel.open(folder, Device.CPU, Dtype.FLOAT32, residence);
  }
}
