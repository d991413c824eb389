package dev.longtake.nn;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.NativeMemory;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.vae.VaeConfig;
import dev.longtake.vae.WanVae;
import dev.longtake.wan.TinyWan;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class RecomputedTest {
  private static final int[] POSITIONS = {0, 1, 2};
  private static final int PARTS = 6;

  @Test
  void theTransformersGradientsAreThoseOfTheDirectWayBitForBit() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(3, Device.CPU);
        var tiny = TinyWan.drawn(4)) {
      var latents = rng.normal(Dtype.FLOAT32, 1, TinyWan.CHANNELS, 3, 4, 4);
      var times = Tensor.of(new float[] {0, 300, 700}, 1, 3);
      var leaves = leaves(tiny.weights());
      leaves.put("latents", latents);
      leaves.put("text", tiny.states());
      BiFunction<Passage, AttentionSpan, Tensor> loss =
          (passage, span) -> {
            var model = tiny.model().through(passage);
            var prompt = model.read(tiny.states());
            return model.forward(latents, times, POSITIONS, prompt, i -> span, 2).square().mean();
          };
      same(leaves, passage -> loss.apply(passage, AttentionSpan.FULL));
      // The mask is gone by the time the layers run again.
      same(
          leaves,
          passage -> {
            try (var inner = Scope.open()) {
              var half = Tensor.of(triangle(12), 12, 12);
              return inner.keep(loss.apply(passage, AttentionSpan.masked(half)));
            }
          });
    }
  }

  @Test
  void theAutoencodersGradientsAreThoseOfTheDirectWayBitForBit() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(3, Device.CPU);
        var weights = Weights.random(rng, Dtype.FLOAT32);
        var vae = WanVae.of(VaeConfig.small(4, 2), weights)) {
      var video = rng.uniform(Dtype.FLOAT32, 1, 3, 5, 16, 16);
      var leaves = leaves(weights);
      leaves.put("video", video);
      same(
          leaves,
          passage -> {
            var run = vae.through(passage);
            return run.decode(run.encode(video)).minus(video).square().mean();
          });
    }
  }

  @Test
  void anOutputMayBeUsedTwiceAndPassThroughWhatIsRecordedBetweenParts() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(5, Device.CPU)) {
      var x = rng.normal(Dtype.FLOAT32, 3).requireGradient(true);
      var w = rng.normal(Dtype.FLOAT32, 3).requireGradient(true);
      var leaves = new LinkedHashMap<String, Tensor>(Map.of("x", x, "w", w));
      closeTo(
          leaves,
          passage -> {
            var early = x.times(w);
            var a = passage.through(in -> in[0].times(w).exp(), early);
            var b = passage.through(in -> in[0].times(in[1]).sin(), a.plus(early), early);
            var unused = passage.through(in -> in[0].exp(), b);
            assertThat(unused.requiresGradient()).isTrue();
            return a.times(b).plus(early).sum();
          });
    }
  }

  @Test
  void theActivationsOfOnePartExistAtATime() {
    assertThat(mostHeld(false)).isEqualTo(PARTS - 1);
    assertThat(mostHeld(true)).isZero();
  }

  /** How many earlier parts' activations were still held by a graph when a part ran, at most. */
  private static int mostHeld(boolean recomputed) {
    var activations = new ArrayList<Tensor>();
    int[] most = {0};
    try (var scope = Scope.open();
        var rng = Rng.seeded(6, Device.CPU);
        var pass = Recomputed.start()) {
      var x = rng.normal(Dtype.FLOAT32, 8);
      Passage.Part part =
          in -> {
            try (var inner = Scope.open()) {
              long held = activations.stream().filter(a -> NativeMemory.sharers(a) > 1).count();
              most[0] = Math.max(most[0], (int) held);
              var inside = in[0].times(0.5).plus(1);
              activations.add(Scope.escape(inside.detach()));
              return inner.keep(inside.square());
            }
          };
      x.requireGradient(true);
      var y = x;
      for (int i = 0; i < PARTS; i++) {
        y = (recomputed ? pass : Passage.DIRECT).through(part, y);
      }
      var loss = y.sum();
      if (recomputed) {
        pass.backward(loss);
      } else {
        loss.backward();
      }
      assertThat(activations).hasSize(recomputed ? 2 * PARTS : PARTS);
      assertThat(x.gradient()).isFinite();
    }
    activations.forEach(Tensor::close);
    return most[0];
  }

  @Test
  void withoutRecordingNothingIsRemembered() {
    try (var scope = Scope.open();
        var pass = Recomputed.start();
        var off = Gradients.off()) {
      var w = Tensor.full(2, Dtype.FLOAT32, Device.CPU, 1).requireGradient(true);
      var out = pass.through(in -> in[0].times(w), Tensor.full(3, Dtype.FLOAT32, Device.CPU, 1));
      assertThat(out.requiresGradient()).isFalse();
      assertThat(out.item()).isEqualTo(6);
    }
  }

  @Test
  void aPassGoesBackwardsOnce() {
    try (var scope = Scope.open();
        var pass = Recomputed.start()) {
      var w = Tensor.full(2, Dtype.FLOAT32, Device.CPU, 1).requireGradient(true);
      var loss = pass.through(in -> in[0].square(), w).sum();
      pass.backward(loss);
      assertThat(w.gradient().item()).isEqualTo(4);
      assertThatThrownBy(() -> pass.backward(loss))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("once");
    }
  }

  private interface LossOf {
    Tensor by(Passage passage);
  }

  private static void same(Map<String, Tensor> leaves, LossOf loss) {
    compare(
        leaves, loss, (name, both) -> assertThat(both.get(1)).isBitwiseEqualTo(both.getFirst()));
  }

  private static void closeTo(Map<String, Tensor> leaves, LossOf loss) {
    compare(leaves, loss, (name, both) -> assertThat(both.get(1)).isCloseTo(both.getFirst(), 1e-6));
  }

  private interface Check {
    void of(String name, List<Tensor> directAndRecomputed);
  }

  private static void compare(Map<String, Tensor> leaves, LossOf loss, Check check) {
    try (var scope = Scope.open();
        var pass = Recomputed.start()) {
      leaves.values().forEach(leaf -> leaf.requireGradient(true));
      var direct = loss.by(Passage.DIRECT);
      direct.backward();
      var expected = taken(leaves);
      var again = loss.by(pass);
      pass.backward(again);
      var actual = taken(leaves);
      assertThat(again).isBitwiseEqualTo(direct);
      assertThat(actual.keySet()).isEqualTo(expected.keySet()).isNotEmpty();
      expected.forEach((name, gradient) -> check.of(name, List.of(gradient, actual.get(name))));
      assertThat(expected.values()).anyMatch(gradient -> gradient.abs().max().item() > 0);
    }
  }

  /** Copies of all gradients, which begin anew at 0. */
  private static Map<String, Tensor> taken(Map<String, Tensor> leaves) {
    Map<String, Tensor> out = new LinkedHashMap<>();
    leaves.forEach(
        (name, leaf) -> {
          if (leaf.hasGradient()) {
            out.put(name, leaf.gradient().copy());
            leaf.gradient().fill(0);
          }
        });
    return out;
  }

  private static Map<String, Tensor> leaves(Weights weights) {
    return new LinkedHashMap<>(weights.taken());
  }

  private static boolean[] triangle(int side) {
    var may = new boolean[side * side];
    for (int i = 0; i < may.length; i++) {
      may[i] = i % side <= i / side;
    }
    return may;
  }
}
