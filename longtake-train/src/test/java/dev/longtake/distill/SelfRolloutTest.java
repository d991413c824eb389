package dev.longtake.distill;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.longtake.nn.Passage;
import dev.longtake.rollout.PromptSwitch;
import dev.longtake.rollout.Recall;
import dev.longtake.rollout.Rollout;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Repeats;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.train.Activations;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class SelfRolloutTest {
  private static final int FRAMES = 24;
  private static final int JUDGED_FROM = 15;
  private static final int LAST = 3;

  private Troupe troupe;

  @BeforeEach
  void build() {
    troupe = Troupe.of(1);
  }

  @AfterEach
  void close() {
    troupe.close();
  }

  @Test
  void aRolloutThatExitsLastIsGenerationBitForBit() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(7, Device.CPU);
        var rollout = generation()) {
      var prompt = troupe.generator().read(Troupe.states(3, 1));
      var out = new ArrayList<Tensor>();
      for (int chunk = 0; chunk < FRAMES / 3; chunk++) {
        var noise = rng.normal(Dtype.FLOAT32, 1, Troupe.CHANNELS, 3, Troupe.SIDE, Troupe.SIDE);
        out.add(rollout.next(prompt, prompt, 1, Troupe.SAMPLER, noise, rng));
      }
      var rolled = rolled(plain(1), LAST, Kind.PLAIN);
      assertThat(rolled.latents()).isBitwiseEqualTo(Tensor.cat(out, 2));
      assertThat(rolled.latents().requiresGradient()).isFalse();
    }
  }

  private enum Kind {
    PLAIN,
    RECORDED,
    REPLAYABLE
  }

  @Test
  void exactlyTheJudgedChunksReceiveGradient() {
    for (int chunk = 0; chunk < FRAMES / 3; chunk++) {
      try (var scope = Scope.open();
          var rolled = rolled(plain(2), 1, Kind.RECORDED)) {
        troupe.flat().gradients().fill(0);
        rolled.latents().narrow(2, 3L * chunk, 3).square().sum().backward();
        double generator = norm(DistillLoop.GENERATOR);
        assertThat(generator > 0).as("chunk " + chunk).isEqualTo(3 * chunk >= JUDGED_FROM);
        assertThat(norm(DistillLoop.CRITIC)).isZero();
      }
    }
  }

  @Test
  void whatIsDifferentiatedIsTheExitPassOverTheMemoryAsItWas() {
    try (var scope = Scope.open();
        var rolled = rolled(plain(2), 1, Kind.REPLAYABLE);
        var rng = Rng.seeded(4, Device.CPU)) {
      var slope = rng.normal(Dtype.FLOAT32, rolled.judged().shape());
      troupe.flat().gradients().fill(0);
      rolled.backward(slope, Activations.KEPT, Repeats.AS_IT_COMES);
      var direction = rng.normal(Dtype.FLOAT32, troupe.flat().count());
      double analytic = troupe.flat().gradients().times(direction).sum().item();

      double step = 1e-3;
      double above = along(rolled, slope, direction, step);
      double below = along(rolled, slope, direction, -2 * step);
      troupe.flat().values().plusInPlace(direction, step); // back to where it was
      assertThat(analytic).isCloseTo((above - below) / (2 * step), withinPercentage(2));
    }
  }

  /** The sum of slope · latents, the passes made again with weights moved along a direction. */
  private double along(Rolled rolled, Tensor slope, Tensor direction, double by) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      troupe.flat().values().plusInPlace(direction, by);
      var again = rolled.exits().stream().map(exit -> exit.again(Passage.DIRECT)).toList();
      return Tensor.cat(again, 2)
          .detach()
          .to(Dtype.FLOAT64)
          .times(slope.to(Dtype.FLOAT64))
          .sum()
          .item();
    }
  }

  @Test
  void replayedPassesGiveTheGradientOfRecordedOnes() {
    try (var scope = Scope.open();
        var recorded = rolled(plain(2), 2, Kind.RECORDED);
        var replayable = rolled(plain(2), 2, Kind.REPLAYABLE)) {
      assertSameGradient(recorded, replayable);
    }
  }

  private void assertSameGradient(Rolled recorded, Rolled replayable) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(4, Device.CPU)) {
      assertThat(replayable.latents()).isBitwiseEqualTo(recorded.latents().detach());
      assertThat(replayable.exits()).hasSize((FRAMES - JUDGED_FROM) / 3);
      var slope = rng.normal(Dtype.FLOAT32, recorded.judged().shape());

      troupe.flat().gradients().fill(0);
      recorded.judged().times(slope).sum().backward();
      var expected = troupe.flat().gradients().copy();
      troupe.flat().gradients().fill(0);
      replayable.backward(slope, Activations.KEPT, Repeats.AS_IT_COMES);
      assertThat(expected.abs().max().item()).isPositive();
      assertThat(troupe.flat().gradients()).isCloseTo(expected, 1e-5);
    }
  }

  @Test
  void chunksBeforeTheJudgedOnesAreFinishedAsTheContextAsks() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var window = rolled(troupe.rollout(1, CleanContext.WINDOW, 6, 0), 0, Kind.PLAIN);
        var all = rolled(troupe.rollout(1, CleanContext.ALL, 6, 0), 0, Kind.PLAIN);
        var rng = Rng.seeded(7, Device.CPU);
        var own = rolled(troupe.rollout(1, CleanContext.ALL, 6, 0), LAST, Kind.PLAIN)) {
      var first = own.latents().narrow(2, 0, JUDGED_FROM);
      assertThat(all.latents().narrow(2, 0, JUDGED_FROM)).isBitwiseEqualTo(first);
      // The first chunk ends with the first pass, which jumps from noise.
      var noise = rng.normal(Dtype.FLOAT32, 1, Troupe.CHANNELS, 3, Troupe.SIDE, Troupe.SIDE);
      try (var rollout = generation()) {
        var prompt = troupe.generator().read(Troupe.states(3, 1));
        var jumped =
            rollout.next(
                prompt, 3, p -> Troupe.SAMPLER.jump(0, p.under(prompt), noise), clean -> clean);
        assertThat(window.latents().narrow(2, 0, 3)).isBitwiseEqualTo(jumped);
      }
    }
  }

  @Test
  void aRolloutThatWasUsedBeforeMakesTheSameVideos() {
    try (var scope = Scope.open()) {
      var again = plain(2);
      try (var once = rolled(again, 1, Kind.REPLAYABLE);
          var fresh = rolled(plain(2), LAST, Kind.PLAIN);
          var used = rolled(again, LAST, Kind.PLAIN)) {
        assertThat(used.latents()).isBitwiseEqualTo(fresh.latents());
        assertThat(used.plans()).isEqualTo(fresh.plans());
        for (var exit : once.exits()) { // what they attended is their own
          assertThat(exit.again(Passage.DIRECT).detach())
              .isBitwiseEqualTo(once.latents().narrow(2, 3L * exit.chunk(), 3));
        }
      }
    }
  }

  @Test
  void noiseOnTheContextReachesLaterChunksOnly() {
    try (var scope = Scope.open();
        var plain = rolled(plain(1), LAST, Kind.PLAIN);
        var noisy = rolled(troupe.rollout(1, CleanContext.ALL, 6, 0.3), LAST, Kind.PLAIN)) {
      assertThat(noisy.latents().narrow(2, 0, 3)).isBitwiseEqualTo(plain.latents().narrow(2, 0, 3));
      assertThat(noisy.latents().narrow(2, 3, 3).toFloats())
          .isNotEqualTo(plain.latents().narrow(2, 3, 3).toFloats());
    }
  }

  @Test
  void aSecondPromptIsInForceFromItsFrameOnAndIsDifferentiatedToo() {
    var shots = List.of(new Shot(0, Troupe.states(3, 1)), new Shot(15, Troupe.states(4, 1)));
    try (var scope = Scope.open();
        var rng = Rng.seeded(7, Device.CPU);
        var usual = rolled(plain(1), LAST, Kind.PLAIN);
        var changed =
            plain(1)
                .replayable(
                    Script.of(new RolloutDraw(FRAMES, LAST, OptionalInt.of(15)), shots),
                    JUDGED_FROM,
                    rng)) {
      assertThat(changed.latents().narrow(2, 0, 15))
          .isBitwiseEqualTo(usual.latents().narrow(2, 0, 15));
      assertThat(changed.latents().narrow(2, 15, 3).toFloats())
          .isNotEqualTo(usual.latents().narrow(2, 15, 3).toFloats());
      for (var exit : changed.exits()) {
        assertThat(exit.again(Passage.DIRECT).detach())
            .isBitwiseEqualTo(changed.latents().narrow(2, 3L * exit.chunk(), 3));
      }
      assertThat(plain(1).onSwitch()).isEqualTo(PromptSwitch.RECOMPUTE);
    }
    shots.forEach(shot -> shot.states().close());
  }

  @Test
  void aRolloutGoesOnFromWhatIsGivenAsGenerationDoes() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(7, Device.CPU);
        var same = Rng.seeded(7, Device.CPU);
        var rollout = generation()) {
      var script = after(9, Given.Shown.ROLLOUT);
      var given = script.given().orElseThrow();
      var out = new ArrayList<Tensor>();
      try (var off = Gradients.off();
          var rolled = plain(1).withoutGradient(script, JUDGED_FROM, rng)) {
        var prompt = troupe.generator().read(Troupe.states(3, 1));
        for (int frame = 0; frame < 9; frame += 3) {
          out.add(given.videos().narrow(2, frame, 3));
          rollout.remember(out.getLast(), prompt);
        }
        for (int chunk = 3; chunk < FRAMES / 3; chunk++) {
          assertThat(rolled.plans().get(chunk)).isEqualTo(rollout.plans(3));
          var noise = same.normal(Dtype.FLOAT32, 1, Troupe.CHANNELS, 3, Troupe.SIDE, Troupe.SIDE);
          out.add(rollout.next(prompt, prompt, 1, Troupe.SAMPLER, noise, same));
        }
        assertThat(rolled.latents()).isBitwiseEqualTo(Tensor.cat(out, 2));
        assertThat(rolled.plans()).hasSize(FRAMES / 3);
      }
      for (int frame : new int[] {6, JUDGED_FROM}) {
        try (var rolled = plain(1).recorded(script, JUDGED_FROM, rng)) {
          troupe.flat().gradients().fill(0);
          rolled.latents().narrow(2, frame, 3).square().sum().backward();
          assertThat(norm(DistillLoop.GENERATOR) > 0).isEqualTo(frame == JUDGED_FROM);
        }
      }
    }
  }

  @Test
  void exitsAfterWhatIsGivenAreMadeAgainToTheSameGradient() {
    try (var scope = Scope.open()) {
      var script = after(9, Given.Shown.VIDEO);
      try (var recorded = rolled(plain(1), script, Kind.RECORDED);
          var replayable = rolled(plain(1), script, Kind.REPLAYABLE)) {
        assertSameGradient(recorded, replayable);
      }
    }
  }

  @Test
  void noiseOnTheContextIsOnWhatIsGivenToo() {
    try (var scope = Scope.open()) {
      var script = after(9, Given.Shown.VIDEO);
      var chunks = new ArrayList<float[]>();
      for (double noise : new double[] {0, 0.3}) {
        try (var rng = Rng.seeded(7, Device.CPU);
            var off = Gradients.off();
            var rolled =
                troupe
                    .rollout(1, CleanContext.ALL, 6, noise)
                    .withoutGradient(script, JUDGED_FROM, rng)) {
          assertThat(rolled.latents().narrow(2, 0, 9))
              .isBitwiseEqualTo(script.given().orElseThrow().videos().narrow(2, 0, 9));
          chunks.add(rolled.latents().narrow(2, 9, 3).toFloats());
        }
      }
      assertThat(chunks.get(1)).isNotEqualTo(chunks.get(0));
    }
  }

  @Test
  void judgesAreShownTheRolloutOrItsVideo() {
    for (var shown : Given.Shown.values()) {
      try (var scope = Scope.open();
          var rng = Rng.seeded(7, Device.CPU)) {
        var script = after(9, shown);
        var videos = script.given().orElseThrow().videos();
        try (var rolled = plain(1).recorded(script, JUDGED_FROM, rng)) {
          var latents = rolled.latents().detach();
          var expected =
              switch (shown) {
                case ROLLOUT -> latents;
                case VIDEO -> videos.narrow(2, 0, FRAMES);
                case LIKEST -> Likeness.of(latents, videos, 9);
              };
          assertThat(rolled.shown()).isBitwiseEqualTo(expected);
          assertThat(rolled.shown().requiresGradient()).isFalse();
          assertThat(rolled.latents().requiresGradient()).isTrue();
        }
      }
    }
  }

  private static Script after(int frames, Given.Shown shown) {
    try (var rng = Rng.seeded(8, Device.CPU)) {
      int whole = FRAMES + shown.ahead(FRAMES - frames);
      var video = rng.normal(Dtype.FLOAT32, 1, Troupe.CHANNELS, whole, Troupe.SIDE, Troupe.SIDE);
      return new Script(
          new RolloutDraw(FRAMES, LAST, OptionalInt.empty()),
          List.of(new Shot(0, Troupe.states(3, 1))),
          Optional.of(new Given(video, frames, shown)));
    }
  }

  @Test
  void whatIsGivenIsWholeChunksOfVideosAsLongAndIsNotJudged() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(7, Device.CPU)) {
      var video = Tensor.zeros(Dtype.FLOAT32, Device.CPU, 1, 1, FRAMES, 1, 1);
      for (int frames : new int[] {0, 4, FRAMES}) {
        refused(() -> new Given(video, frames, Given.Shown.VIDEO), "below its 24, not " + frames);
      }
      var shot = new Shot(0, Troupe.states(3, 1));
      var given = Optional.of(new Given(video, 9, Given.Shown.VIDEO));
      var draw = new RolloutDraw(FRAMES, LAST, OptionalInt.empty());
      refused(
          () ->
              new Script(
                  new RolloutDraw(FRAMES + 3, LAST, OptionalInt.empty()), List.of(shot), given),
          "1 rollouts of 27 latent frames go on from as many videos, at least as long, not from 1 of 24");
      var two = new Shot(0, Troupe.states(3, 2));
      refused(() -> new Script(draw, List.of(two), given), "2 rollouts of 24 latent frames go on");
      var later = new Shot(12, Troupe.states(4, 1));
      refused(() -> new Script(draw, List.of(shot, later), given), "that video's prompt, not 2");
      var most = after(18, Given.Shown.VIDEO);
      refused(
          () -> plain(1).withoutGradient(most, JUDGED_FROM, rng),
          "judged from latent frame 15 on, but 18 are given; give fewer");
    }
  }

  private static void refused(ThrowingCallable making, String because) {
    assertThatThrownBy(making)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(because);
  }

  private SelfRollout plain(int videos) {
    return troupe.rollout(videos, CleanContext.ALL, 6, 0);
  }

  /** As videos are generated, one at a time. */
  private Rollout generation() {
    return new Rollout(
        troupe.generator(),
        Troupe.MEMORY,
        Recall.CACHED,
        Troupe.SIDE,
        Troupe.SIDE,
        Dtype.FLOAT32,
        Device.CPU);
  }

  private Rolled rolled(SelfRollout rollout, int exit, Kind kind) {
    var draw = new RolloutDraw(FRAMES, exit, OptionalInt.empty());
    var shots = List.of(new Shot(0, Troupe.states(3, rollout.rollout().videos())));
    return rolled(rollout, Script.of(draw, shots), kind);
  }

  private static Rolled rolled(SelfRollout rollout, Script script, Kind kind) {
    try (var rng = Rng.seeded(7, Device.CPU)) {
      return switch (kind) {
        case PLAIN -> rollout.withoutGradient(script, JUDGED_FROM, rng);
        case RECORDED -> rollout.recorded(script, JUDGED_FROM, rng);
        case REPLAYABLE -> rollout.replayable(script, JUDGED_FROM, rng);
      };
    }
  }

  private double norm(String prefix) {
    try (var scope = Scope.open();
        var part = troupe.flat().part(prefix + ".")) {
      return part.gradients().square().sum().item();
    }
  }
}
