package dev.longtake.vae;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.checkpoint.CheckpointSource;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.Fixtures;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.testkit.TensorAssert;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Against the published implementation's outputs. */
@ExtendWith(LeakGuard.class)
class VaeParityTest {
  private static final double TOLERANCE = 1e-4;

  private static Safetensors golden;
  private static Weights weights;
  private static WanVae vae;

  @BeforeAll
  static void load() {
    golden = Safetensors.open(Fixtures.file("vae-golden.safetensors"));
    var sizes = Fixtures.config().get("vae");
    var config =
        VaeConfig.small(sizes.get("dim").asInt(), sizes.get("z_dim").asInt())
            .withStatistics(list("latent_mean"), list("latent_std"));
    try (var file = Safetensors.open(Fixtures.file("vae.safetensors"))) {
      weights =
          Weights.from(new CheckpointSource(file, KeyMap.identity(), Dtype.FLOAT32, Device.CPU));
      vae = WanVae.of(config, weights);
    }
  }

  @AfterAll
  static void free() {
    vae.close();
    weights.close();
    golden.close();
  }

  @Test
  void everyPublishedWeightHasItsPlaceAndNoOtherIsAskedFor() {
    assertThat(weights.spare()).isEmpty();
    assertThat(weights.taken()).hasSize(194);
  }

  @Test
  void encodesAsPublished() {
    try (var scope = Scope.open()) {
      assertClose(vae.encode(golden.read("video")), golden.read("latents"));
    }
  }

  @Test
  void decodesAsPublished() {
    try (var scope = Scope.open()) {
      assertClose(vae.decode(golden.read("latents")), golden.read("decoded"));
    }
  }

  @Test
  void decodesInTwoPartsAsPublished() {
    try (var scope = Scope.open();
        var state = DecodeState.start()) {
      var latents = golden.read("latents");
      var first = vae.decode(latents.narrow(2, 0, 2), state);
      var rest = vae.decode(latents.narrow(2, 2, latents.size(2) - 2), state);
      assertClose(Tensor.cat(List.of(first, rest), 2), golden.read("decoded"));
      assertThat(state.latentFrames()).isEqualTo(latents.size(2));
    }
  }

  private static void assertClose(Tensor out, Tensor reference) {
    TensorAssert.assertThat(out).isCloseTo(reference, TOLERANCE);
  }

  private static List<Double> list(String name) {
    try (var scope = Scope.open()) {
      List<Double> out = new ArrayList<>();
      for (float value : golden.read(name).toFloats()) {
        out.add((double) value);
      }
      return out;
    }
  }
}
