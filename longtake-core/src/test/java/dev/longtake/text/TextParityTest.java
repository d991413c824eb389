package dev.longtake.text;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.checkpoint.CheckpointSource;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.testkit.Fixtures;
import dev.longtake.testkit.LeakGuard;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The encoder against the published PyTorch implementation on small random weights. */
@ExtendWith(LeakGuard.class)
class TextParityTest {
  private static final double TOLERANCE = 1e-4;

  private Scope scope;
  private Safetensors golden;
  private Weights weights;
  private Umt5Encoder encoder;

  @BeforeEach
  void readTheReference() {
    scope = Scope.open();
    golden = Safetensors.open(Fixtures.file("t5-golden.safetensors"));
    try (var file = Safetensors.open(Fixtures.file("t5.safetensors"))) {
      weights =
          Weights.from(new CheckpointSource(file, KeyMap.identity(), Dtype.FLOAT32, Device.CPU));
      encoder = Umt5Encoder.of(weights, config());
    }
  }

  @AfterEach
  void free() {
    weights.close();
    golden.close();
    scope.close();
  }

  @Test
  void statesMatchTheReferenceAlsoWhereThePromptIsPadded() {
    var states = encoder.forward(golden.read("ids"), golden.read("mask"));

    // The reference cleared nothing: its padded rows, too, are what the blocks computed.
    assertThat(states).isCloseTo(golden.read("embeddings"), TOLERANCE);
  }

  @Test
  void encodedPromptsMatchTheReferenceUpToTheirEndAndAreZeroAfterIt() {
    var reference = golden.read("embeddings");
    int length = (int) golden.read("mask").select(0, 0).sum().item();
    int rest = (int) reference.size(1) - length;

    var states =
        encoder.encode(new TokenIds(golden.read("ids"), golden.read("mask")), Dtype.FLOAT32);

    var padded = states.select(0, 0);
    assertThat(padded.narrow(0, 0, length))
        .isCloseTo(reference.select(0, 0).narrow(0, 0, length), TOLERANCE);
    assertThat(rest).isPositive();
    assertThat(padded.narrow(0, length, rest).toFloats()).containsOnly(0f);
    assertThat(states.select(0, 1)).isCloseTo(reference.select(0, 1), TOLERANCE);
  }

  @Test
  void everyPublishedNameIsUsed() {
    assertThat(weights.spare()).isEmpty();
  }

  private static Umt5Config config() {
    var sizes = Fixtures.config().get("t5");
    return Umt5Config.of(
        sizes.get("vocab").asInt(),
        sizes.get("dim").asInt(),
        sizes.get("dim_attn").asInt(),
        sizes.get("dim_ffn").asInt(),
        sizes.get("num_heads").asInt(),
        sizes.get("num_layers").asInt());
  }
}
