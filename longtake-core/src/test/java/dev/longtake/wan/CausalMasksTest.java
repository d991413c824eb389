package dev.longtake.wan;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class CausalMasksTest {
  private static final int BLOCKS = 3;
  private static final int BLOCK = 2;
  private static final int FRAMES = BLOCKS * BLOCK;
  private static final int PATCHES = 4;

  @Test
  void aBlockSeesItselfAndWhatIsBeforeIt() {
    try (var scope = Scope.open()) {
      var mask = CausalMasks.blockCausal(5, 2, 1, Device.CPU); // the last block is cut short
      assertThat(picture(mask, 5)).containsExactly("##...", "##...", "####.", "####.", "#####");
    }
  }

  @Test
  void aNoisyBlockSeesItselfAndTheCleanBlocksBeforeIt() {
    try (var scope = Scope.open()) {
      var mask = CausalMasks.teacherForcing(4, 2, 1, Device.CPU);
      assertThat(picture(mask, 8))
          .containsExactly(
              "##......",
              "##......",
              "####....",
              "####....", // clean
              "....##..",
              "....##..",
              "##....##",
              "##....##"); // noisy
    }
  }

  @Test
  void everyPatchOfAFrameSeesTheSame() {
    try (var scope = Scope.open()) {
      var perFrame = CausalMasks.teacherForcing(4, 2, 1, Device.CPU).to(Dtype.FLOAT32);
      var perPatch = CausalMasks.teacherForcing(4, 2, 3, Device.CPU).to(Dtype.FLOAT32);
      var spread = perFrame.reshape(8, 1, 8, 1).expand(8, 3, 8, 3).reshape(24, 24);
      assertThat(perPatch).isBitwiseEqualTo(spread);
    }
  }

  @Test
  void inTeacherForcingAPredictionDependsOnItsOwnNoisyBlockAndEarlierCleanBlocksOnly() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(1, Device.CPU);
        var tiny = TinyWan.drawn(2)) {
      var clean = rng.normal(Dtype.FLOAT32, 1, TinyWan.CHANNELS, FRAMES, 4, 4);
      var noisy = rng.normal(Dtype.FLOAT32, 1, TinyWan.CHANNELS, FRAMES, 4, 4);
      var before = teacherForced(tiny, clean, noisy);
      for (int changed = 0; changed < BLOCKS; changed++) {
        var otherClean = clean.copy();
        otherClean.narrow(2, changed * BLOCK, BLOCK).fill(2);
        var afterClean = teacherForced(tiny, otherClean, noisy);
        var otherNoisy = noisy.copy();
        otherNoisy.narrow(2, changed * BLOCK, BLOCK).fill(2);
        var afterNoisy = teacherForced(tiny, clean, otherNoisy);
        for (int block = 0; block < BLOCKS; block++) {
          var what = "block " + block + " after a change in block " + changed;
          assertSame(before, afterClean, block, changed >= block, what + ", clean");
          assertSame(before, afterNoisy, block, changed != block, what + ", noisy");
        }
      }
    }
  }

  private static void assertSame(
      Tensor before, Tensor after, int block, boolean same, String what) {
    var expected = before.narrow(2, (long) block * BLOCK, BLOCK);
    var actual = after.narrow(2, (long) block * BLOCK, BLOCK);
    double change = actual.minus(expected).abs().max().item();
    if (same) {
      assertThat(change).as(what).isLessThan(1e-5);
    } else {
      assertThat(change).as(what).isGreaterThan(1e-3);
    }
  }

  private static Tensor teacherForced(TinyWan tiny, Tensor clean, Tensor noisy) {
    var times = Tensor.full(600, Dtype.FLOAT32, Device.CPU, 1, FRAMES);
    var mask = CausalMasks.teacherForcing(FRAMES, BLOCK, PATCHES, Device.CPU);
    int[] twice =
        IntStream.concat(IntStream.range(0, FRAMES), IntStream.range(0, FRAMES)).toArray();
    return tiny.model()
        .forward(
            Tensor.cat(List.of(clean, noisy), 2),
            Tensor.cat(List.of(times.times(0), times), 1),
            twice,
            tiny.prompt(),
            i -> AttentionSpan.masked(mask),
            FRAMES);
  }

  private static List<String> picture(Tensor mask, int side) {
    float[] may = mask.to(Dtype.FLOAT32).toFloats();
    return IntStream.range(0, side)
        .mapToObj(
            q ->
                IntStream.range(0, side)
                    .mapToObj(k -> may[q * side + k] == 1 ? "#" : ".")
                    .reduce("", String::concat))
        .toList();
  }
}
