package dev.longtake.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.nn.Weights;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.text.Umt5Config;
import dev.longtake.text.Umt5Encoder;
import dev.longtake.vae.VaeConfig;
import dev.longtake.vae.WanVae;
import dev.longtake.wan.WanConfig;
import dev.longtake.wan.WanTransformer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The published networks' names and shapes at full size, without the memory for them. */
@ExtendWith(LeakGuard.class)
class PublishedSizesTest {

  @Test
  void umt5HasItsTensorsUnderTheirNames() {
    var expected = new LinkedHashMap<String, String>();
    expected.put("token_embedding.weight", "[256384, 4096]");
    for (int i = 0; i < 24; i++) {
      var block = "blocks." + i + ".";
      expected.put(block + "norm1.weight", "[4096]");
      for (var name : new String[] {"q", "k", "v", "o"}) {
        expected.put(block + "attn." + name + ".weight", "[4096, 4096]");
      }
      expected.put(block + "norm2.weight", "[4096]");
      expected.put(block + "ffn.gate.0.weight", "[10240, 4096]");
      expected.put(block + "ffn.fc1.weight", "[10240, 4096]");
      expected.put(block + "ffn.fc2.weight", "[4096, 10240]");
      expected.put(block + "pos_embedding.embedding.weight", "[32, 64]");
    }
    expected.put("norm.weight", "[4096]");
    assertThat(expected).hasSize(242);

    has(
        weights -> Umt5Encoder.of(weights, Umt5Config.XXL),
        5_680_910_336L,
        shapes -> assertThat(shapes).containsExactlyInAnyOrderEntriesOf(expected));
  }

  @Test
  void theTransformerOf1300MillionHasItsTensorsUnderTheirNames() {
    has(
        weights -> WanTransformer.of(weights, WanConfig.T2V_1_3B),
        1_418_996_800L,
        shapes ->
            assertThat(shapes).containsExactlyInAnyOrderEntriesOf(transformer(1536, 8960, 30)));
  }

  @Test
  void theTransformerOf14BillionHasItsTensorsUnderTheirNames() {
    has(
        weights -> WanTransformer.of(weights, WanConfig.T2V_14B),
        14_288_491_584L,
        shapes ->
            assertThat(shapes)
                .hasSize(1095)
                .containsExactlyInAnyOrderEntriesOf(transformer(5120, 13824, 40)));
  }

  @Test
  void theVideoAutoencoderHasItsTensors() {
    has(
        weights -> WanVae.of(VaeConfig.WAN_2_1, weights).close(),
        126_892_531L,
        shapes ->
            assertThat(shapes)
                .hasSize(194)
                .containsEntry("encoder.conv1.weight", "[96, 3, 3, 3, 3]")
                .containsEntry("encoder.middle.1.to_qkv.weight", "[1152, 384, 1, 1]")
                .containsEntry("conv1.weight", "[32, 32, 1, 1, 1]")
                .containsEntry("conv2.weight", "[16, 16, 1, 1, 1]")
                .containsEntry("decoder.upsamples.3.time_conv.weight", "[768, 384, 3, 1, 1]")
                .containsEntry("decoder.upsamples.7.resample.1.weight", "[192, 384, 3, 3]")
                .containsEntry("decoder.head.0.gamma", "[96, 1, 1, 1]"));
  }

  /** 15 tensors outside the blocks and 27 in each. */
  private static Map<String, String> transformer(int dim, int ffn, int layers) {
    var out = new LinkedHashMap<String, String>();
    out.put("patch_embedding.weight", Arrays.toString(new int[] {dim, 16, 1, 2, 2}));
    out.put("patch_embedding.bias", Arrays.toString(new int[] {dim}));
    linear(out, "text_embedding.0", 4096, dim);
    linear(out, "text_embedding.2", dim, dim);
    linear(out, "time_embedding.0", 256, dim);
    linear(out, "time_embedding.2", dim, dim);
    linear(out, "time_projection.1", dim, 6 * dim);
    for (int i = 0; i < layers; i++) {
      var block = "blocks." + i + ".";
      out.put(block + "modulation", Arrays.toString(new int[] {1, 6, dim}));
      for (var attention : new String[] {block + "self_attn.", block + "cross_attn."}) {
        for (var name : new String[] {"q", "k", "v", "o"}) {
          linear(out, attention + name, dim, dim);
        }
        out.put(attention + "norm_q.weight", Arrays.toString(new int[] {dim}));
        out.put(attention + "norm_k.weight", Arrays.toString(new int[] {dim}));
      }
      out.put(block + "norm3.weight", Arrays.toString(new int[] {dim}));
      out.put(block + "norm3.bias", Arrays.toString(new int[] {dim}));
      linear(out, block + "ffn.0", dim, ffn);
      linear(out, block + "ffn.2", ffn, dim);
    }
    out.put("head.modulation", Arrays.toString(new int[] {1, 2, dim}));
    linear(out, "head.head", dim, 64);
    assertThat(out).hasSize(15 + 27 * layers);
    return out;
  }

  private static void linear(Map<String, String> into, String name, int from, int to) {
    into.put(name + ".weight", Arrays.toString(new int[] {to, from}));
    into.put(name + ".bias", Arrays.toString(new int[] {to}));
  }

  private static void has(
      Consumer<Weights> network, long parameters, Consumer<Map<String, String>> shapes) {
    try (var weights = Weights.outline()) {
      network.accept(weights);
      var found = new LinkedHashMap<String, String>();
      weights.taken().forEach((name, tensor) -> found.put(name, Arrays.toString(tensor.shape())));
      shapes.accept(found);
      assertThat(weights.parameters()).isEqualTo(parameters);
    }
  }
}
