package dev.longtake.data;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakGuard.class)
class CachedLatentsTest {
  private static final int EXAMPLES = 6;

  @TempDir Path folder;

  @BeforeEach
  void write() {
    try (var scope = Scope.open();
        var writer = ShardWriter.open(folder, Map.of(), Damaged.REFUSE, 200)) {
      for (int i = 0; i < EXAMPLES; i++) {
        writer.add(
            "k" + i,
            "",
            Map.of(
                CachedLatents.LATENTS,
                Tensor.full(i, Dtype.BFLOAT16, Device.CPU, 2, 3, 4, 4),
                CachedLatents.TEXT,
                Tensor.full(i, Dtype.FLOAT32, Device.CPU, 1 + i % 3, 5)));
      }
      writer.flush();
    }
  }

  @Test
  void aBatchIsTheExamplesOfItsStepWithTextsAsLongAsTheLongest() {
    var cursor = new Cursor(3, EXAMPLES, 4, 2);
    try (var scope = Scope.open();
        var source = new CachedLatents(ShardFolder.open(folder), cursor, 1, 2, Device.CPU)) {
      var batch = source.at(5);
      int[] numbers = cursor.at(5, 1);
      assertThat(batch.latents().shape()).containsExactly(4, 2, 2, 4, 4);
      assertThat(batch.latents().dtype()).isEqualTo(Dtype.FLOAT32);
      long longest = batch.text().size(1);
      for (int i = 0; i < 4; i++) {
        assertThat(batch.latents().select(0, i).max().item()).isEqualTo(numbers[i]);
        double sum = numbers[i] * 5.0 * (1 + numbers[i] % 3);
        assertThat(batch.text().select(0, i).sum().item()).isEqualTo(sum);
        assertThat(1 + numbers[i] % 3).isLessThanOrEqualTo((int) longest);
      }
    }
  }

  @Test
  void longerFramesThanWereEncodedAreRefused() {
    try (var scope = Scope.open();
        var source =
            new CachedLatents(
                ShardFolder.open(folder), new Cursor(3, EXAMPLES, 1, 1), 0, 4, Device.CPU)) {
      assertThatThrownBy(() -> source.at(0))
          .hasMessageContaining("holds latents [2, 3, 4, 4], 4 frames are wanted");
    }
  }

  @Test
  void trimmingAndPaddingATextLeavesItAsItWas() {
    try (var scope = Scope.open()) {
      var states = Tensor.of(new float[] {1, 0, 0, -2, 0, 0, 0, 0}, 4, 2);
      var trimmed = CachedLatents.trimmed(states);
      assertThat(trimmed.shape()).containsExactly(2, 2);
      var batch = CachedLatents.padded(List.of(trimmed, states));
      assertThat(batch.select(0, 0)).isBitwiseEqualTo(states);
      assertThat(CachedLatents.trimmed(states.times(0)).size(0)).isEqualTo(1);
    }
  }
}
