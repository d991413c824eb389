package dev.longtake.memory;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.checkpoint.Safetensors;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.Fixtures;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.wan.ReferenceWan;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The memory of the released Context Forcing code, against reference outputs. */
@ExtendWith(LeakGuard.class)
class ReleasedMemoryParityTest {
  private static final double TOLERANCE = 1e-4;
  private static final double[] PASSES = {1000, 625, 0};

  /** Cache, sink, slow, fast, rope length and block, in latent frames. */
  private record Sizes(int cache, int sink, int slow, int fast, int rope, int block) {
    static Sizes of(long[] geometry) {
      int[] n = java.util.Arrays.stream(geometry).mapToInt(Math::toIntExact).toArray();
      return new Sizes(n[0], n[1], n[2], n[3], n[4], n[5]);
    }
  }

  @Test
  void everyLayerHoldsTheSameFramesInTheSameSlotsAndPredictsTheSameFlow() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var golden = Safetensors.open(Fixtures.file("memory-released-golden.safetensors"));
        var text = Safetensors.open(Fixtures.file("dit-golden.safetensors"));
        var reference = ReferenceWan.read()) {
      var sizes = Sizes.of(golden.read("geometry").toLongs());
      var memory =
          new ReleasedSlowFast(
              sizes.sink(), sizes.slow(), sizes.fast(), golden.read("similarity_threshold").item());
      assertThat(memory.capacity()).isEqualTo(sizes.cache()).isEqualTo(sizes.rope());
      var prompt = reference.model().read(text.read("text").unsqueeze(0));
      var latents = golden.read("latents");
      var flow = golden.read("flow");
      var sources = golden.read("source_frame");

      try (var store = new ReleasedStore(memory, reference.geometry(), Device.CPU)) {
        for (int block = 0; block < sources.size(0); block++) {
          int[] positions = store.begin(sizes.block());
          for (int pass = 0; pass < PASSES.length; pass++) {
            int row = PASSES.length * block + pass;
            var times = Tensor.full(PASSES[pass], Dtype.FLOAT32, Device.CPU, 1, sizes.block());
            var predicted =
                reference
                    .model()
                    .forward(
                        latents.narrow(0, row, 1),
                        times,
                        positions,
                        prompt,
                        store::layer,
                        sizes.block());
            assertThat(predicted).isCloseTo(flow.narrow(0, row, 1), TOLERANCE);
          }
          store.commit();
          for (int layer = 0; layer < sources.size(1); layer++) {
            assertThat(padded(store.frames(layer), sizes.cache()))
                .as("block %d, layer %d", block, layer)
                .isEqualTo(numbers(sources.select(0, block).select(0, layer)));
          }
        }
      }
    }
  }

  private static List<Integer> padded(List<Integer> frames, int slots) {
    var all = new ArrayList<>(frames);
    while (all.size() < slots) {
      all.add(-1);
    }
    return all;
  }

  private static List<Integer> numbers(Tensor tensor) {
    var numbers = new ArrayList<Integer>();
    for (float number : tensor.toFloats()) {
      numbers.add((int) number);
    }
    return numbers;
  }
}
