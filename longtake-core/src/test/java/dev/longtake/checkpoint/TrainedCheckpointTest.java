package dev.longtake.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakGuard.class)
class TrainedCheckpointTest {
  @TempDir Path folder;

  @Test
  void aTrainingCheckpointGivesThePartThatIsAskedFor() {
    var path = save(training());
    assertThat(only(path, TrainedPart.GENERATOR)).isEqualTo(1);
    assertThat(only(path, TrainedPart.GENERATOR_EMA)).isEqualTo(2);
    assertThat(only(path, TrainedPart.CRITIC)).isEqualTo(3);
  }

  @Test
  void aFileWithoutAnAverageSaysWhatItHas() {
    var parts = training();
    parts.put("generator_ema", null);
    var path = save(parts);
    assertThat(only(path, TrainedPart.GENERATOR)).isEqualTo(1);
    assertThatThrownBy(() -> TrainedCheckpoint.open(path, TrainedPart.GENERATOR_EMA))
        .isInstanceOf(CheckpointException.class)
        .hasMessage(path + ": has no generator_ema, only [generator, critic]; choose one of these");
  }

  @Test
  void aFileWithTheAverageAloneIsNotTakenForTheLastStep() {
    var path = save(Map.of("generator_ema", weight(2)));
    assertThat(only(path, TrainedPart.GENERATOR_EMA)).isEqualTo(2);
    assertThatThrownBy(() -> TrainedCheckpoint.open(path, TrainedPart.GENERATOR))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("has no generator or model, only [generator_ema]");
  }

  @Test
  void aModelAloneIsFoundUnderItsKeyOrUnderNone() {
    var keyed = save(Map.of("model", weight(4), "step", 3));
    assertThat(only(keyed, TrainedPart.GENERATOR)).isEqualTo(4);
    var bare = save(weight(5));
    assertThat(only(bare, TrainedPart.GENERATOR)).isEqualTo(5);
    assertThat(only(bare, TrainedPart.GENERATOR_EMA)).isEqualTo(5);
    assertThatThrownBy(() -> TrainedCheckpoint.open(bare, TrainedPart.CRITIC))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("holds one model with nothing around it, so no critic");
  }

  @Test
  void safetensorsHoldOneModel() {
    var path = folder.resolve("m.safetensors");
    try (var scope = Scope.open()) {
      Safetensors.write(path, Map.of("head.weight", Tensor.of(new float[] {6}, 1)), Map.of());
    }
    assertThat(only(path, TrainedPart.GENERATOR_EMA)).isEqualTo(6);
  }

  @Test
  void anEmptyPartIsNoModel() {
    var parts = training();
    parts.put("generator", Map.of());
    var path = save(parts);
    assertThatThrownBy(() -> TrainedCheckpoint.open(path, TrainedPart.GENERATOR))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("(generator): holds no tensors");
  }

  private static Map<String, Object> training() {
    Map<String, Object> parts = new LinkedHashMap<>();
    parts.put("step", 2000);
    parts.put("generator", weight(1));
    parts.put("critic", weight(3));
    parts.put("generator_optimizer", Map.of("state", Map.of()));
    parts.put("generator_ema", weight(2));
    return parts;
  }

  private static Map<String, Float> weight(float value) {
    return Map.of("model._fsdp_wrapped_module.head.weight", value);
  }

  /** Numbers stand for tensors until here, so that no test has to own any. */
  private Path save(Map<String, ?> parts) {
    try (var scope = Scope.open()) {
      return TorchFiles.save(folder.resolve("model.pt"), withTensors(parts));
    }
  }

  private static Map<String, Object> withTensors(Map<?, ?> parts) {
    Map<String, Object> out = new LinkedHashMap<>();
    parts.forEach(
        (key, value) ->
            out.put(
                (String) key,
                switch (value) {
                  case Map<?, ?> dict -> withTensors(dict);
                  case Float number -> Tensor.of(new float[] {number}, 1);
                  case null, default -> value;
                }));
    return out;
  }

  private static double only(Path path, TrainedPart part) {
    try (var scope = Scope.open();
        var file = TrainedCheckpoint.open(path, part)) {
      assertThat(file.names()).hasSize(1);
      var key = file.names().iterator().next();
      assertThat(KeyMap.unwrapping().name(key)).contains("head.weight");
      return file.read(key).item();
    }
  }
}
