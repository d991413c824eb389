package dev.longtake.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.rollout.ReferenceErrors.Measured;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.testkit.Fixtures;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.testkit.TensorAssert;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The measure that {@link FullSizeParityTest} takes at full size, on the tiny outputs. */
@ExtendWith(LeakGuard.class)
class ReferenceErrorsTest {

  @Test
  void everyNetworkIsMeasuredAgainstTheReference() {
    var whole = new ReferenceErrors(Fixtures.folder(), Device.CPU, Dtype.FLOAT32);

    assertThat(whole.transformer().error()).isBetween(1e-9, 1e-4);
    assertThat(whole.autoencoder())
        .hasSize(2)
        .allSatisfy(measured -> assertThat(measured.error()).isBetween(1e-9, 1e-4));
    assertThat(whole.textEncoder().error()).isBetween(1e-9, 1e-4);
  }

  @Test
  void fewerBitsAreFurtherFromIt() {
    var narrow = new ReferenceErrors(Fixtures.folder(), Device.CPU, Dtype.BFLOAT16);

    var flow = narrow.transformer();
    assertThat(flow.error()).isEqualTo(flow.toFloat32()).isBetween(1e-3, 3e-2);
    assertThat(flow.yardstick()).isZero(); // the tiny outputs are in float32 alone
    try (var scope = Scope.open()) {
      double eights =
          TensorAssert.relativeError(
              narrow.flow(Arithmetic.PLAIN_FP8), narrow.flow(Arithmetic.PLAIN));
      assertThat(eights).isBetween(1e-3, 0.1);
    }
  }

  @Test
  void roundingExcusesAsMuchAsTheReferenceLosesByItAndNoMore() {
    assertThat(new Measured("x", 0.009, 0.5, 0.5).isWithin(0.01)).isTrue();
    assertThat(new Measured("x", 0.014, 0.009, 0.009).isWithin(0.01)).isTrue();
    assertThat(new Measured("x", 0.04, 0.03, 0.03).isWithin(0.01)).isTrue();
    assertThat(new Measured("x", 0.04, 0.04, 0.03).isWithin(0.01)).isFalse();
    assertThat(new Measured("x", Double.NaN, Double.NaN, 0.03).isWithin(0.01)).isFalse();
    assertThat(new Measured("x", 0.02, 0.02, 0).isWithin(0.01)).isFalse(); // in float32
  }

  @Test
  void aFolderWithoutAPartFails(@TempDir Path empty) {
    assertThatThrownBy(() -> new ReferenceErrors(empty, Device.CPU, Dtype.FLOAT32).textEncoder())
        .hasMessageContaining("t5-golden.safetensors");
  }
}
