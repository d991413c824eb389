package dev.longtake.train;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.AdapterFolder;
import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.CheckpointSource;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.nn.Init;
import dev.longtake.nn.Weights;
import dev.longtake.optim.FlatParameters;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.wan.WanTransformer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakGuard.class)
class LowRankWeightsTest {
  private static final AdapterConfig CONFIG =
      new AdapterConfig(2, 3, List.of("q", "k", "v", "o", "ffn.0", "ffn.2"));

  private static final List<String> W = List.of("w");

  @TempDir private Path folder;

  @Test
  void aTrainedAdapterIsItsMergedNetworkAndTheBaseStaysBitForBit() {
    try (var scope = Scope.open()) {
      var base = base();
      var file = folder.resolve("base.safetensors");
      Safetensors.write(file, base, Map.of());
      try (var opened = Safetensors.open(file);
          var factors = CONFIG.draw(base, 7, Device.CPU);
          var source = new LowRankWeights(from(opened), factors, CONFIG.sizes());
          var weights = Weights.from(source);
          var loop = new TrainingLoop(Tiny.config(6, 1, 6), factors)) {
        var model = WanTransformer.of(weights, Tiny.WAN);
        source.requireAllUsed();
        assertThat(source.adapted()).isEqualTo(2 * (4 + 4 + 2)); // layers · linears
        var fresh = flow(model);
        assertThat(fresh).isBitwiseEqualTo(flow(base)); // B is 0

        loop.run(
            source.adapting(square(model)), 6, (state, values) -> {}, (step, steps, values) -> {});
        source.merge();
        var trained = flow(model);
        assertThat(trained.minus(fresh).abs().max().item()).isGreaterThan(1e-3);
        assertThat(flow(new LinkedHashMap<>(weights.taken()))).isBitwiseEqualTo(trained);

        for (var name : base.keySet()) {
          assertThat(opened.read(name)).isBitwiseEqualTo(base.get(name));
          boolean changes =
              CONFIG.targets().stream().anyMatch(t -> name.endsWith("." + t + ".weight"));
          assertThat(same(weights.taken().get(name), base.get(name))).as(name).isEqualTo(!changes);
        }

        AdapterFolder.write(folder, views(factors), CONFIG.sizes(), CONFIG.targets());
        try (var saved = AdapterFolder.open(folder);
            var read = LowRankWeights.factors(saved, Device.CPU);
            var again = new LowRankWeights(from(opened), read, saved.sizes());
            var loaded = Weights.from(again)) {
          assertThat(saved.targets()).isEqualTo(CONFIG.targets());
          assertThat(saved.sizes()).isEqualTo(CONFIG.sizes());
          assertThat(saved.factors().names())
              .contains(
                  "base_model.model.blocks.1.cross_attn.v.lora_A.weight",
                  "base_model.model.blocks.0.ffn.2.lora_B.weight")
              .hasSize(2 * 20);
          var other = WanTransformer.of(loaded, Tiny.WAN);
          again.requireAllUsed();
          assertThat(flow(other)).isBitwiseEqualTo(trained);
        }
      }
    }
  }

  @Test
  void theFactorsGradientsAreThoseOfTheSumWrittenOut() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(4, Device.CPU);
        var factors = new AdapterConfig(2, 3, W).draw(matrix(rng), 1, Device.CPU)) {
      var base = matrix(rng).get("w.weight");
      factors.values().copyFrom(rng.normal(Dtype.FLOAT32, factors.count()));
      var x = rng.normal(Dtype.FLOAT32, 4, 5);
      try (var source =
              new LowRankWeights(
                  held(Map.of("w.weight", base)), factors, new AdapterConfig(2, 3, W).sizes());
          var weights = Weights.from(source)) {
        var w = weights.take("w.weight", Init.ZEROS, 3, 5);
        Objective objective =
            source.adapting(
                (step, random) ->
                    new Objective.Loss(x.matmul(w.transpose(0, 1)).square().mean(), Map.of()));
        objective.at(0, rng).backward().run();
      }
      var a = factors.view(factors.values(), AdapterFolder.keyOfA("w.weight")).copy();
      var b = factors.view(factors.values(), AdapterFolder.keyOfB("w.weight")).copy();
      a.requireGradient(true);
      b.requireGradient(true);
      var sum = base.plus(b.matmul(a).times(1.5));
      x.matmul(sum.transpose(0, 1)).square().mean().backward();
      assertThat(factors.view(factors.gradients(), AdapterFolder.keyOfA("w.weight")))
          .isCloseTo(a.gradient(), 1e-6);
      assertThat(factors.view(factors.gradients(), AdapterFolder.keyOfB("w.weight")))
          .isCloseTo(b.gradient(), 1e-6);
    }
  }

  @Test
  void anAdapterTrainsAlikeWithRecomputedActivationsAndByTwoDevicesThatSeeTheSame() {
    try (var scope = Scope.open()) {
      var alone = trained(Activations.KEPT, List.of());
      assertThat(trained(Activations.RECOMPUTED, List.of())).isBitwiseEqualTo(alone);
      assertThat(trained(Activations.KEPT, List.of(Device.CPU))).isCloseTo(alone, 1e-6);
      assertThat(alone.abs().max().item()).isPositive();
    }
  }

  @Test
  void networksThatAreTrainedTogetherHaveFactorsOfTheirOwn() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(4, Device.CPU);
        var one = new AdapterConfig(2, 3, W).draw(matrix(rng), 1, Device.CPU);
        var other = new AdapterConfig(2, 3, W).draw(matrix(rng), 2, Device.CPU)) {
      Map<String, Tensor> all = new LinkedHashMap<>();
      views(one).forEach((name, factor) -> all.put("one." + name, factor.plus(0.5)));
      views(other).forEach((name, factor) -> all.put("other." + name, factor.plus(0.5)));
      var base = matrix(rng);
      var sizes = new AdapterConfig(2, 3, W).sizes();
      try (var both = FlatParameters.copyOf(all, Device.CPU);
          var first = new LowRankWeights(held(base), both, sizes, "one.");
          var second = new LowRankWeights(held(base), both, sizes, "other.");
          var firsts = Weights.from(first);
          var seconds = Weights.from(second)) {
        var w = firsts.take("w.weight", Init.ZEROS, 3, 5);
        var v = seconds.take("w.weight", Init.ZEROS, 3, 5);
        first.requireAllUsed();
        second.requireAllUsed();
        var a = both.view(both.values(), "other." + AdapterFolder.keyOfA("w.weight"));
        var b = both.view(both.values(), "other." + AdapterFolder.keyOfB("w.weight"));
        assertThat(v).isCloseTo(base.get("w.weight").plus(b.matmul(a).times(1.5)), 1e-6);
        assertThat(same(v, w)).isFalse();

        first
            .adapting(second.adapting((step, r) -> new Objective.Loss(v.square().sum(), Map.of())))
            .at(0, rng)
            .backward()
            .run();

        both.names()
            .forEach(
                name -> {
                  var gradient = both.view(both.gradients(), name).abs().max().item();
                  assertThat(gradient > 0).as(name).isEqualTo(name.startsWith("other."));
                });
      }
    }
  }

  /** The factors after three steps of two batches. */
  private static Tensor trained(Activations activations, List<Device> others) {
    try (var scope = Scope.open()) {
      var base = base();
      try (var factors = CONFIG.draw(base, 7, Device.CPU);
          var team = Team.of(factors, others, (own, rank) -> Adapting.of(base, own, activations));
          var loop = new TrainingLoop(Tiny.config(3, 1, 3).withAccumulated(2), factors)) {
        loop.run(team, 3, (state, values) -> {}, (step, steps, values) -> {});
        return scope.keep(factors.values().copy());
      }
    }
  }

  private record Adapting(LowRankWeights source, Weights weights, Objective objective)
      implements Team.Member {
    static Adapting of(Map<String, Tensor> base, FlatParameters own, Activations activations) {
      var source = new LowRankWeights(held(base), own, CONFIG.sizes());
      var weights = Weights.from(source);
      var model = WanTransformer.of(weights, Tiny.WAN);
      var inner = activations.of(passage -> square(model.through(passage)));
      return new Adapting(source, weights, source.adapting(inner));
    }

    @Override
    public void close() {
      weights.close();
      source.close();
    }
  }

  @Test
  void whatDoesNotFitIsNamedInOneLine() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(4, Device.CPU)) {
      assertThatThrownBy(() -> new AdapterConfig(2, 3, List.of("qq")).draw(base(), 1, Device.CPU))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("the adapter's target qq is no linear of the network; leave it out");
      var convolution = new AdapterConfig(2, 3, List.of("q", "patch_embedding"));
      assertThatThrownBy(() -> convolution.draw(base(), 1, Device.CPU))
          .hasMessageContaining("target patch_embedding is no linear");
      assertThatThrownBy(() -> new AdapterConfig(0, 3, W))
          .hasMessageContaining("rank of at least 1");
      assertThatThrownBy(() -> new AdapterConfig(1, 3, List.of()))
          .hasMessageContaining("must name linears");
      try (var factors = new AdapterConfig(2, 3, W).draw(matrix(rng), 1, Device.CPU)) {
        var other = new AdapterConfig(4, 3, W).sizes();
        try (var source = new LowRankWeights(held(matrix(rng)), factors, other)) {
          assertThatThrownBy(() -> source.read("w.weight", Init.ZEROS, 3, 5))
              .isInstanceOf(CheckpointException.class)
              .hasMessageContaining("base_model.model.w.lora_A.weight is [2, 5]")
              .hasMessageContaining("need [4, 5]");
          assertThatThrownBy(source::requireAllUsed)
              .isInstanceOf(CheckpointException.class)
              .hasMessageContaining("base_model.model.w.lora_A.weight changes no weight");
        }
      }
    }
  }

  private static Map<String, Tensor> matrix(Rng rng) {
    return Map.of("w.weight", rng.normal(Dtype.FLOAT32, 3, 5));
  }

  private static CheckpointSource from(Safetensors file) {
    return new CheckpointSource(file, KeyMap.identity(), Dtype.FLOAT32, Device.CPU);
  }

  /** A transformer's weights, none of them 0. */
  private static Map<String, Tensor> base() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(3, Device.CPU);
        var weights = Weights.random(rng, Dtype.FLOAT32)) {
      WanTransformer.of(weights, Tiny.WAN);
      Map<String, Tensor> out = new LinkedHashMap<>();
      weights
          .taken()
          .forEach(
              (name, weight) ->
                  out.put(
                      name,
                      scope.keep(
                          weight.plus(rng.normal(Dtype.FLOAT32, weight.shape()).times(0.2)))));
      return out;
    }
  }

  private static Objective square(WanTransformer model) {
    return (step, rng) -> {
      try (var scope = Scope.open()) {
        return new Objective.Loss(scope.keep(forward(model).square().mean()), Map.of());
      }
    };
  }

  private static Tensor flow(WanTransformer model) {
    try (var off = Gradients.off()) {
      return forward(model);
    }
  }

  private static Tensor flow(Map<String, Tensor> weights) {
    try (var scope = Scope.open();
        var taken = Weights.from(held(weights))) {
      return scope.keep(flow(WanTransformer.of(taken, Tiny.WAN)));
    }
  }

  private static Weights.Source held(Map<String, Tensor> weights) {
    return new Weights.Source() {
      @Override
      public Tensor read(String name, Init init, long... shape) {
        return Objects.requireNonNull(weights.get(name)).detach().copy();
      }

      @Override
      public Set<String> names() {
        return weights.keySet();
      }
    };
  }

  private static Tensor forward(WanTransformer model) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(9, Device.CPU)) {
      var latents = rng.normal(Dtype.FLOAT32, 1, Tiny.CHANNELS, 2, Tiny.SIDE, Tiny.SIDE);
      var times = Tensor.of(new float[] {200, 600}, 1, 2);
      var prompt = model.read(rng.normal(Dtype.FLOAT32, 1, 3, Tiny.WAN.textDim()));
      return scope.keep(model.forward(latents, times, new int[] {0, 1}, prompt));
    }
  }

  private static Map<String, Tensor> views(FlatParameters factors) {
    Map<String, Tensor> out = new LinkedHashMap<>();
    factors.names().forEach(name -> out.put(name, factors.view(factors.values(), name)));
    return out;
  }

  private static boolean same(Tensor a, Tensor b) {
    return Arrays.equals(a.toFloats(), b.toFloats());
  }
}
