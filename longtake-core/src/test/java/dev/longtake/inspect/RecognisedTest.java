package dev.longtake.inspect;

import static dev.longtake.inspect.Networks.tensor;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.inspect.Recognised.Kind;
import dev.longtake.tensor.Dtype;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Networks are told by names and shapes alone. */
class RecognisedTest {

  @ParameterizedTest
  @CsvSource({
    "1536, 8960, 30, 16, 825, 1418996800, 1.3B",
    "5120, 13824, 40, 16, 1095, 14288491584, 14B",
    "256, 704, 6, 16, 177, 7019456, ''"
  })
  void wansTransformersAreToldBySize(
      long dim, long ffn, int blocks, long channels, int count, long parameters, String variant) {
    var part = new Part("", Networks.transformer(dim, ffn, blocks, channels), Map.of());

    var known = Recognised.of(part.tensors()).orElseThrow();

    assertThat(known.kind()).isEqualTo(Kind.TRANSFORMER);
    assertThat(known.variant()).isEqualTo(variant);
    assertThat(known.sizes())
        .containsEntry("width", dim)
        .containsEntry("feed-forward", ffn)
        .containsEntry("blocks", (long) blocks)
        .containsEntry("text width", 4096L);
    assertThat(part.tensors()).hasSize(count);
    assertThat(part.parameters()).isEqualTo(parameters);
    assertThat(part.bytesIn(Dtype.BFLOAT16)).isEqualTo(2 * parameters);
  }

  @Test
  void anImageModelOf14BillionIsToldByItsChannels() {
    var known = Recognised.of(Networks.transformer(5120, 13824, 40, 36)).orElseThrow();

    assertThat(known.variant()).isEqualTo("14B, image to video");
  }

  @Test
  void theTextEncoderIsTheOneThatWasPublished() {
    var part = new Part("", Networks.textEncoder(), Map.of());

    assertThat(part.parameters()).isEqualTo(5_680_910_336L);
    assertThat(Recognised.of(part.tensors()).map(Recognised::words))
        .contains(
            "UMT5 text encoder XXL: vocabulary 256384, width 4096, feed-forward 10240, blocks 24");
  }

  @Test
  void whatTrainingWrapsAroundNamesIsSeenThrough() {
    var wrapped =
        Networks.transformer(1536, 8960, 30, 16).stream()
            .map(
                t -> new TensorInfo("model._fsdp_wrapped_module." + t.name(), t.dtype(), t.shape()))
            .toList();

    var known = Recognised.of(wrapped).orElseThrow();

    assertThat(known.variant()).isEqualTo("1.3B");
    assertThat(known.notes()).containsExactly("wrapped by training");
  }

  @Test
  void oneStrangerMakesItAnUnknownNetwork() {
    var tensors = new ArrayList<>(Networks.transformer(1536, 8960, 30, 16));
    tensors.add(tensor("blocks.0.vace.weight", 3));

    assertThat(Recognised.of(tensors)).isEmpty();
    assertThat(Recognised.of(List.of())).isEmpty();
  }

  @Test
  void aShardIsThatNetworkWithTheSizesItShows() {
    var shard =
        Networks.transformer(1536, 8960, 30, 16).stream()
            .filter(t -> t.name().startsWith("blocks.2"))
            .toList();

    var known = Recognised.of(shard).orElseThrow();

    assertThat(known.kind()).isEqualTo(Kind.TRANSFORMER);
    assertThat(known.variant()).isEmpty();
    assertThat(known.sizes()).containsExactly(Map.entry("blocks", 11L));
  }

  @ParameterizedTest
  @CsvSource({
    "lora_A.weight, lora_B.weight",
    "lora_A.default.weight, lora_B.default.weight",
    "lora_down.weight, lora_up.weight"
  })
  void aLoraIsToldWithItsRank(String down, String up) {
    var tensors = new ArrayList<TensorInfo>();
    for (int i = 0; i < 30; i++) {
      var place = "diffusion_model.blocks." + i + ".self_attn.q.";
      tensors.add(tensor(place + down, 128, 1536));
      tensors.add(tensor(place + up, 1536, 128));
      tensors.add(tensor(place + "alpha"));
    }

    assertThat(Recognised.of(tensors).map(Recognised::words))
        .contains("LoRA: rank 128, matrices 30");
  }

  @Test
  void aTinyDecoderIsTold() {
    var tensors =
        List.of(
            tensor("encoder.0.weight", 64, 3, 3, 3),
            tensor("encoder.0.bias", 64),
            tensor("encoder.2.conv.weight", 64, 128, 1, 1),
            tensor("decoder.1.weight", 256, 16, 3, 3),
            tensor("decoder.1.bias", 256),
            tensor("decoder.3.conv.0.weight", 256, 512, 3, 3),
            tensor("decoder.9.skip.weight", 128, 256, 1, 1));

    assertThat(Recognised.of(tensors).map(Recognised::words))
        .contains("tiny video decoder (TAEHV): width 256, latent channels 16");
  }
}
