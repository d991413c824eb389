package dev.longtake.rollout;

import static dev.longtake.testkit.TensorAssert.assertThat;

import dev.longtake.diffusion.FewStepSampler;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.wan.WanConfig;
import dev.longtake.wan.WanTransformer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("gpu")
class CapturedPassTest {
  private static final Device GPU = Device.cuda(0);
  private static final WanConfig CONFIG = new WanConfig(64, 128, 16, 16, 8, 4, 2, 2);

  @Test
  void replayedChunksAreTheOnesThatPassesOneByOneMake() {
    try (var scope = Scope.open()) {
      for (var memory : List.of("slow-fast-redundant", "sliding-window:9", "longlive")) {
        var plain = chunks(memory, false);
        var replayed = chunks(memory, true);
        for (int i = 0; i < plain.size(); i++) {
          assertThat(replayed.get(i)).as(memory + ", chunk " + i).isCloseTo(plain.get(i), 1e-3);
        }
      }
    }
  }

  @Test
  void videosMadeInTheSameMemoryReplayPassesFromTheFirstChunkOn() {
    try (var scope = Scope.open()) {
      for (var recall : Recall.values()) {
        var plain = batches(recall, false);
        var replayed = batches(recall, true);
        for (int i = 0; i < plain.size(); i++) {
          assertThat(replayed.get(i)).as(recall + ", chunk " + i).isCloseTo(plain.get(i), 1e-3);
        }
      }
    }
  }

  /** Chunks of four batches of three videos, each with prompts of its own. */
  private static List<Tensor> batches(Recall recall, boolean replay) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, GPU);
        var weights = Weights.random(rng, Dtype.BFLOAT16)) {
      var model = WanTransformer.of(weights, CONFIG);
      weights
          .taken()
          .values()
          .forEach(weight -> weight.plusInPlace(rng.normal(Dtype.BFLOAT16, weight.shape()), 0.1));
      var policy = MemoryPolicies.policy("slow-fast:sink=3,slow=3,fast=6,threshold=2");
      try (var rollout = Rollout.ofBatch(3, model, policy, recall, 8, 8, Dtype.BFLOAT16, GPU)) {
        if (replay) {
          rollout.replayPasses();
        }
        var out = new ArrayList<Tensor>();
        var sampler = new FewStepSampler(1000, 500);
        for (int batch = 0; batch < 4; batch++) {
          rollout.restart();
          var prompt = model.read(rng.normal(Dtype.BFLOAT16, 3, 8, 16));
          for (int chunk = 0; chunk < 7; chunk++) {
            var noise = rng.normal(Dtype.FLOAT32, 3, 4, 3, 8, 8);
            out.add(
                scope.keep(
                    rollout.next(
                        prompt,
                        3,
                        passes -> sampler.sample(passes.under(prompt), noise, rng),
                        clean -> clean)));
          }
        }
        return out;
      }
    }
  }

  private static List<Tensor> chunks(String memory, boolean replay) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, GPU);
        var weights = Weights.random(rng, Dtype.BFLOAT16)) {
      var model = WanTransformer.of(weights, CONFIG);
      weights
          .taken()
          .values()
          .forEach(weight -> weight.plusInPlace(rng.normal(Dtype.BFLOAT16, weight.shape()), 0.1));
      var policy = MemoryPolicies.parse(memory);
      try (var rollout = new Rollout(model, policy, Recall.CACHED, 8, 8, Dtype.BFLOAT16, GPU);
          var prompt = model.read(rng.normal(Dtype.BFLOAT16, 1, 8, 16)).escape()) {
        if (replay) {
          rollout.replayPasses();
        }
        var out = new ArrayList<Tensor>();
        var sampler = new FewStepSampler(1000, 500);
        for (int i = 0; i < 24; i++) {
          var noise = rng.normal(Dtype.FLOAT32, 1, 4, 3, 8, 8);
          out.add(scope.keep(rollout.next(prompt, prompt, 1, sampler, noise, rng)));
        }
        return out;
      }
    }
  }
}
