package dev.longtake.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.nn.Init;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.testkit.Fixtures;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.testkit.TensorAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The same weights as PyTorch saved them twice: safetensors in FLOAT32, torch.save in BFLOAT16. */
@ExtendWith(LeakGuard.class)
class CheckpointParityTest {

  @Test
  void torchSaveAndSafetensorsHoldTheSameWeights() {
    try (var plain = TensorFile.open(Fixtures.file("dit.safetensors"));
        var trained = TensorFile.open(Fixtures.file("dit-checkpoint-bf16.pt"), "generator_ema")) {
      assertThat(plain.names()).hasSizeGreaterThan(50);
      assertThat(trained.names())
          .containsExactlyInAnyOrderElementsOf(
              plain.names().stream().map(name -> "model." + name).toList());
      for (var name : plain.names()) {
        try (var scope = Scope.open()) {
          TensorAssert.assertThat(trained.read("model." + name))
              .as(name)
              .isBitwiseEqualTo(plain.read(name).to(Dtype.BFLOAT16));
        }
      }
    }
  }

  @Test
  void theTrainingStepIsRead() {
    try (var trained = PtCheckpoint.open(Fixtures.file("dit-checkpoint-bf16.pt"))) {
      assertThat(trained.keys()).containsExactly("generator_ema", "step");
      assertThat(trained.integer("step")).isEqualTo(7);
    }
  }

  @Test
  void aModelTakesTheSameWeightsFromBoth() {
    try (var scope = Scope.open();
        var plain = TensorFile.open(Fixtures.file("dit.safetensors"));
        var trained = TensorFile.open(Fixtures.file("dit-checkpoint-bf16.pt"), "generator_ema");
        var exact = takeAll(plain, plain);
        var rounded = takeAll(trained, plain)) {
      assertThat(rounded.taken().keySet()).isEqualTo(plain.names());
      exact
          .taken()
          .forEach(
              (name, tensor) ->
                  TensorAssert.assertThat(rounded.taken().get(name))
                      .as(name)
                      .hasDtype(Dtype.FLOAT32)
                      .isCloseTo(tensor, 4e-3));
    }
  }

  private static Weights takeAll(TensorFile file, TensorFile shapes) {
    var source = new CheckpointSource(file, KeyMap.unwrapping(), Dtype.FLOAT32, Device.CPU);
    var weights = Weights.from(source);
    for (var name : shapes.names()) {
      weights.take(name, Init.ZEROS, shapes.shape(name));
    }
    source.requireNothingSpare(weights);
    return weights;
  }
}
