package dev.longtake.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.WanNetwork.Named;
import dev.longtake.checkpoint.WanNetwork.Naming;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.testkit.Fixtures;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.testkit.TensorAssert;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The same networks under Wan's names and Diffusers'. */
@ExtendWith(LeakGuard.class)
class WanNetworkTest {

  @ParameterizedTest
  @CsvSource({
    "dit.safetensors, TRANSFORMER",
    "vae.safetensors, AUTOENCODER",
    "t5.safetensors, TEXT_ENCODER"
  })
  void everyNameOfANetworkComesBackFromDiffusers(String fixture, WanNetwork network) {
    try (var file = TensorFile.open(Fixtures.file(fixture))) {
      var theirs = file.renamed(WanNetwork.naming(file, Naming.DIFFUSERS));
      var ours = theirs.renamed(WanNetwork.naming(theirs, Naming.ORIGINAL));

      assertThat(WanNetwork.of(file.names())).contains(new Named(network, Naming.ORIGINAL));
      assertThat(WanNetwork.of(theirs.names())).contains(new Named(network, Naming.DIFFUSERS));
      assertThat(theirs.names()).hasSameSizeAs(file.names()).isNotEqualTo(file.names());
      assertThat(ours.names()).containsExactlyElementsOf(file.names());
      try (var scope = Scope.open()) {
        var some = List.copyOf(file.names()).get(5);
        var twin = List.copyOf(theirs.names()).get(5);
        TensorAssert.assertThat(theirs.read(twin)).isBitwiseEqualTo(file.read(some));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "TRANSFORMER, patch_embedding.weight, patch_embedding.weight",
    "TRANSFORMER, text_embedding.2.bias, condition_embedder.text_embedder.linear_2.bias",
    "TRANSFORMER, time_embedding.0.weight, condition_embedder.time_embedder.linear_1.weight",
    "TRANSFORMER, time_projection.1.weight, condition_embedder.time_proj.weight",
    "TRANSFORMER, blocks.29.modulation, blocks.29.scale_shift_table",
    "TRANSFORMER, blocks.3.norm3.weight, blocks.3.norm2.weight",
    "TRANSFORMER, blocks.0.self_attn.o.bias, blocks.0.attn1.to_out.0.bias",
    "TRANSFORMER, blocks.12.cross_attn.norm_k.weight, blocks.12.attn2.norm_k.weight",
    "TRANSFORMER, blocks.1.ffn.0.weight, blocks.1.ffn.net.0.proj.weight",
    "TRANSFORMER, blocks.1.ffn.2.weight, blocks.1.ffn.net.2.weight",
    "TRANSFORMER, head.modulation, scale_shift_table",
    "TRANSFORMER, head.head.bias, proj_out.bias",
    "TRANSFORMER, blocks.7.cross_attn.k_img.weight, blocks.7.attn2.add_k_proj.weight",
    "TRANSFORMER, img_emb.proj.1.weight,"
        + " condition_embedder.image_embedder.ff.net.0.proj.weight",
    "AUTOENCODER, encoder.conv1.weight, encoder.conv_in.weight",
    "AUTOENCODER, encoder.downsamples.3.residual.2.weight, encoder.down_blocks.3.conv1.weight",
    "AUTOENCODER, encoder.downsamples.3.shortcut.bias, encoder.down_blocks.3.conv_shortcut.bias",
    "AUTOENCODER, encoder.downsamples.5.time_conv.weight, encoder.down_blocks.5.time_conv.weight",
    "AUTOENCODER, decoder.middle.1.to_qkv.weight, decoder.mid_block.attentions.0.to_qkv.weight",
    "AUTOENCODER, decoder.upsamples.0.residual.0.gamma, decoder.up_blocks.0.resnets.0.norm1.gamma",
    "AUTOENCODER, decoder.upsamples.3.resample.1.weight,"
        + " decoder.up_blocks.0.upsamplers.0.resample.1.weight",
    "AUTOENCODER, decoder.upsamples.14.residual.6.bias, decoder.up_blocks.3.resnets.2.conv2.bias",
    "AUTOENCODER, encoder.head.0.gamma, encoder.norm_out.gamma",
    "AUTOENCODER, conv1.weight, quant_conv.weight",
    "AUTOENCODER, conv2.bias, post_quant_conv.bias",
    "TEXT_ENCODER, token_embedding.weight, shared.weight",
    "TEXT_ENCODER, blocks.23.attn.q.weight, encoder.block.23.layer.0.SelfAttention.q.weight",
    "TEXT_ENCODER, blocks.0.pos_embedding.embedding.weight,"
        + " encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
    "TEXT_ENCODER, blocks.1.ffn.gate.0.weight, encoder.block.1.layer.1.DenseReluDense.wi_0.weight",
    "TEXT_ENCODER, norm.weight, encoder.final_layer_norm.weight"
  })
  void theTableIsDiffusers(WanNetwork network, String original, String diffusers) {
    assertThat(new Named(network, Naming.ORIGINAL).to(Naming.DIFFUSERS).name(original))
        .contains(diffusers);
    assertThat(new Named(network, Naming.DIFFUSERS).to(Naming.ORIGINAL).name(diffusers))
        .contains(original);
    assertThat(new Named(network, Naming.ORIGINAL).to(Naming.ORIGINAL).name(original))
        .contains(original);
  }

  @Test
  void oneStrangerMakesAFileUnknownAndIsNamed() {
    try (var file = TensorFile.open(Fixtures.file("dit.safetensors"))) {
      var with =
          file.renamed(key -> Optional.of(key.equals("head.modulation") ? "head.conductor" : key));

      assertThat(WanNetwork.of(with.names())).isEmpty();
      assertThatThrownBy(() -> WanNetwork.naming(with, Naming.DIFFUSERS))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContainingAll("dit.safetensors", "'head.conductor'", "one network only");
    }
  }

  @Test
  void twoTensorsOfOneNameAreNamed() {
    try (var file = TensorFile.open(Fixtures.file("dit.safetensors"))) {
      assertThatThrownBy(() -> file.renamed(key -> Optional.of("same")))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("both mean 'same'");
    }
  }

  @Test
  void anotherTypeIsReadLikeTheFirstConverted() {
    try (var file = TensorFile.open(Fixtures.file("memory-released-golden.safetensors"));
        var scope = Scope.open()) {
      var half = file.as(Dtype.FLOAT16);

      assertThat(half.dtype("similarity_threshold")).isEqualTo(Dtype.FLOAT16);
      assertThat(half.dtype("geometry")).isEqualTo(Dtype.INT64);
      TensorAssert.assertThat(half.read("similarity_threshold"))
          .isBitwiseEqualTo(file.read("similarity_threshold").to(Dtype.FLOAT16));
      TensorAssert.assertThat(half.read("geometry")).isBitwiseEqualTo(file.read("geometry"));
      assertThat(half.bytes()).isLessThan(file.bytes());
      assertThatThrownBy(() -> file.as(Dtype.INT8)).isInstanceOf(IllegalArgumentException.class);
    }
  }
}
