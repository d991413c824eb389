package dev.longtake.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class TestkitTest {

  @Test
  void theRelativeErrorIsMeasuredAgainstTheReference() {
    try (var scope = Scope.open()) {
      var reference = Tensor.of(new float[] {3, 4}, 2);
      var out = Tensor.of(new float[] {3, 4.5f}, 2);
      assertThat(TensorAssert.relativeError(out, reference)).isEqualTo(0.1);
      TensorAssert.assertThat(out).isCloseTo(reference, 0.1001).isFinite();
      assertThatThrownBy(() -> TensorAssert.assertThat(out).isCloseTo(reference, 0.09))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("relative error 1.000e-01")
          .hasMessageContaining("exceeds 9.000e-02");
    }
  }

  @Test
  void aNanIsCloseToNothing() {
    try (var scope = Scope.open()) {
      var out = Tensor.of(new float[] {Float.NaN, 1}, 2);
      assertThatThrownBy(() -> TensorAssert.assertThat(out).isCloseTo(out, 1e9))
          .isInstanceOf(AssertionError.class);
      assertThatThrownBy(() -> TensorAssert.assertThat(out).isFinite())
          .isInstanceOf(AssertionError.class);
      TensorAssert.assertThat(out).isBitwiseEqualTo(out);
    }
  }

  @Test
  void shapesThatWouldBroadcastAreRefused() {
    try (var scope = Scope.open()) {
      var row = Tensor.zeros(Dtype.FLOAT32, Device.CPU, 1, 2);
      var flat = Tensor.zeros(Dtype.FLOAT32, Device.CPU, 2);
      assertThatThrownBy(() -> TensorAssert.assertThat(row).isCloseTo(flat, 1))
          .hasMessageContaining("shape is [1, 2], expected [2]");
    }
  }

  @Test
  void aFailingCaseNamesItsSeed() {
    List<Integer> drawn = new ArrayList<>();
    assertThatThrownBy(
            () ->
                Seeds.times(
                    5,
                    random -> {
                      drawn.add(random.nextInt());
                      assertThat(drawn).hasSizeLessThan(3);
                    }))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("-Dlongtake.seed=1002");
    assertThat(drawn).doesNotHaveDuplicates();
  }

  @Test
  void theSizesOfTheTinyModelsAreThere() {
    assertThat(Fixtures.config().at("/dit/dim").asInt()).isPositive();
    assertThat(Fixtures.file("dit.safetensors")).exists();
  }

  @Test
  void anAbsentReferenceFailsWithTheRemedy() {
    assertThatThrownBy(() -> Fixtures.file("nothing.safetensors"))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("nothing.safetensors")
        .hasMessageContaining("-Dlongtake.fixtures");
  }

  @Test
  void withoutTheFolderTestsFailInsteadOfBeingSkipped() {
    var given = System.getProperty(Fixtures.PROPERTY);
    try {
      System.setProperty(Fixtures.PROPERTY, "no/such/folder");
      assertThatThrownBy(Fixtures::config)
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("no/such/folder")
          .hasMessageContaining("-Dlongtake.fixtures");
      System.clearProperty(Fixtures.PROPERTY);
      assertThatThrownBy(Fixtures::folder)
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("longtake.fixtures is not set");
    } finally {
      System.setProperty(Fixtures.PROPERTY, given);
    }
  }
}
