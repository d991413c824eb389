package dev.longtake.wan;

import static dev.longtake.testkit.TensorAssert.assertThat;

import dev.longtake.checkpoint.CheckpointSource;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.checkpoint.TensorFile;
import dev.longtake.memory.Held;
import dev.longtake.memory.KvStore;
import dev.longtake.memory.MemoryPolicy;
import dev.longtake.memory.Positions;
import dev.longtake.memory.SinkWindow;
import dev.longtake.memory.SlidingWindow;
import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.Rotary;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.Fixtures;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The transformer against the published implementation's outputs. */
class WanParityTest {
  private static final double TOLERANCE = 1e-4;
  private static final double[] PASSES = {1000, 625, 0};

  private static Safetensors golden;
  private static ReferenceWan reference;
  private static WanTransformer model;
  private static int frames;
  private static int block;
  private static int patches;

  @BeforeAll
  static void read() {
    var sizes = Fixtures.config().get("dit");
    frames = sizes.get("frames").asInt();
    block = sizes.get("block").asInt();
    patches = sizes.get("height").asInt() / 2 * (sizes.get("width").asInt() / 2);
    golden = Safetensors.open(Fixtures.file("dit-golden.safetensors"));
    reference = ReferenceWan.read();
    model = reference.model();
  }

  @AfterAll
  static void close() {
    reference.close();
    golden.close();
  }

  @Test
  void theBidirectionalPassMatches() {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      assertThat(bidirectional(model)).isCloseTo(golden.read("bidirectional.flow"), TOLERANCE);
    }
  }

  /** The same weights as a trained checkpoint holds them: torch.save, wrapped names, bfloat16. */
  @Test
  void theBidirectionalPassOfATrainedCheckpointMatches() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var plain = TensorFile.open(Fixtures.file("dit.safetensors"));
        var saved = TensorFile.open(Fixtures.file("dit-checkpoint-bf16.pt"), "generator_ema")) {
      var fromSaved = new CheckpointSource(saved, KeyMap.unwrapping(), Dtype.FLOAT32, Device.CPU);
      // Read as bfloat16 and widened again: the same rounding by another way.
      var narrow = new CheckpointSource(plain, KeyMap.identity(), Dtype.BFLOAT16, Device.CPU);
      try (var savedWeights = Weights.from(fromSaved);
          var narrowWeights = Weights.from(narrow)) {
        var trained = WanTransformer.of(savedWeights, model.config());
        fromSaved.requireNothingSpare(savedWeights);
        var rounded = WanTransformer.of(narrowWeights, model.config());

        var flow = bidirectional(trained);
        assertThat(flow).isCloseTo(golden.read("bidirectional.flow"), 2e-2);
        assertThat(flow).isCloseTo(bidirectional(rounded), TOLERANCE);
      }
    }
  }

  private static Tensor bidirectional(WanTransformer transformer) {
    return transformer.forward(
        golden.read("bidirectional.latents"),
        golden.read("bidirectional.timestep").reshape(1, 1).expand(1, frames),
        positions(frames),
        transformer.read(golden.read("text").unsqueeze(0)));
  }

  @Test
  void theBlockCausalPassMatches() {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var mask = CausalMasks.blockCausal(frames, block, patches, Device.CPU);
      var flow =
          model.forward(
              golden.read("bidirectional.latents"),
              golden.read("causal.timesteps"),
              positions(frames),
              prompt(),
              i -> AttentionSpan.masked(mask),
              frames);
      assertThat(flow).isCloseTo(golden.read("causal.flow"), TOLERANCE);
    }
  }

  @Test
  void teacherForcingMatches() {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var mask = CausalMasks.teacherForcing(frames, block, patches, Device.CPU);
      var noisyTimes = golden.read("causal.timesteps");
      var flow =
          model.forward(
              Tensor.cat(
                  List.of(
                      golden.read("teacher_forcing.clean"), golden.read("bidirectional.latents")),
                  2),
              Tensor.cat(List.of(noisyTimes.times(0), noisyTimes), 1),
              IntStream.concat(IntStream.range(0, frames), IntStream.range(0, frames)).toArray(),
              prompt(),
              i -> AttentionSpan.masked(mask),
              frames);
      assertThat(flow).isCloseTo(golden.read("teacher_forcing.flow"), TOLERANCE);
    }
  }

  @Test
  void generationWithAWholeCacheMatches() {
    int blocks = Fixtures.config().get("dit").get("kv_blocks").asInt();
    generationMatches("kv.full", new SlidingWindow(blocks * block), blocks);
  }

  @Test
  void generationWithARollingCacheAndASinkMatches() {
    var sizes = Fixtures.config().get("dit");
    generationMatches(
        "kv.rolling",
        new SinkWindow(sizes.get("sink").asInt(), sizes.get("local").asInt(), Positions.ABSOLUTE),
        sizes.get("kv_blocks").asInt());
  }

  private void generationMatches(String name, MemoryPolicy policy, int blocks) {
    var geometry = reference.geometry();
    try (var scope = Scope.open();
        var off = Gradients.off();
        var store = new KvStore(geometry, Device.CPU)) {
      var latents = golden.read(name + ".latents");
      var expected = golden.read(name + ".flow");
      var held = Held.empty();
      for (int b = 0; b < blocks; b++) {
        var plan = policy.plan(held, block);
        store.begin(plan);
        for (int pass = 0; pass < PASSES.length; pass++) {
          int row = PASSES.length * b + pass;
          if (PASSES[pass] == 0) {
            store.record();
          }
          var flow =
              model.forward(
                  latents.narrow(0, row, 1),
                  Tensor.full(PASSES[pass], Dtype.FLOAT32, Device.CPU, 1, block),
                  plan.chunkPositions(),
                  prompt(),
                  store::layer,
                  block);
          assertThat(flow).isCloseTo(expected.narrow(0, row, 1), TOLERANCE);
        }
        store.commit(held.frames(), true);
        held = policy.remember(held, plan, store.similarity());
      }
      // The reference keeps rotated keys, each at the position of its frame.
      int[] kept = store.frames().stream().mapToInt(Integer::intValue).toArray();
      var rotary =
          Rotary.at(kept, geometry.rows(), geometry.columns(), geometry.headWidth(), Device.CPU);
      assertThat(rotary.apply(store.keys(0))).isCloseTo(golden.read(name + ".layer0.k"), TOLERANCE);
      assertThat(store.values(0)).isCloseTo(golden.read(name + ".layer0.v"), TOLERANCE);
    }
  }

  private static Prompt prompt() {
    return model.read(golden.read("text").unsqueeze(0));
  }

  private static int[] positions(int count) {
    return IntStream.range(0, count).toArray();
  }
}
