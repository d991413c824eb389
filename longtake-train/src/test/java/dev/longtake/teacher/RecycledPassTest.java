package dev.longtake.teacher;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.diffusion.FlowSchedule;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.testkit.Seeds;
import dev.longtake.train.ContextTimestep;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class RecycledPassTest {
  private static final FlowSchedule TABLE = FlowSchedule.training(5);
  private static final int ENTRY = 500; // t = 833.333, σ = 5/6, level 25
  private static final int LEVEL = 25;
  private static final Parts PARTS = new Parts(1, 1, 1, 3);

  @Test
  void inputAndVelocityAreSectionK4() {
    // x = 2, ε = 1, noise-end error 0.5, clean-end error 0.25, σ = 5/6
    try (var scope = Scope.open();
        var banks = filled(0.5, 0.25)) {
      var pass = pass(numbers(2), banks, Recycling.RELEASED, true, true, true);
      // x_t = (1 − σ)·(x + 0.25) + σ·(ε + 0.5) = 2.25/6 + 7.5/6
      assertThat(pass.input().narrow(2, 3, 3).toFloats()).containsOnly(1.625f);
      // v* = ε' − x = 1.5 − 2: the clean x
      assertThat(pass.velocity().toFloats()).containsOnly(-0.5f);
      // m' = m + 0.25 in the motion window, nothing before it
      assertThat(pass.input().narrow(2, 0, 3).toFloats()).containsExactly(2, 2, 2.25f);
      assertThat(pass.levels()).containsExactly(LEVEL);
    }
  }

  @Test
  void withoutErrorsItIsFlowMatching() {
    try (var scope = Scope.open();
        var banks = filled(0.5, 0.25)) {
      var pass = pass(numbers(2), banks, Recycling.PAPER, false, false, false);
      // (1 − σ)·2 + σ·1 = 7/6; v = ε − x
      assertThat(pass.input().narrow(2, 3, 3).mean().item()).isCloseTo(7 / 6.0, within(1e-6));
      assertThat(pass.velocity().toFloats()).containsOnly(-1);
    }
  }

  @Test
  void theLossIsTheWeightedSquareOfTheTarget() {
    // v̂ − v* = 1 everywhere: w(833.33) = 1.02486, section D.2
    try (var scope = Scope.open();
        var banks = filled(0.5, 0.25)) {
      var pass = pass(numbers(2), banks, Recycling.RELEASED, true, true, true);
      var loss = pass.loss(pass.velocity().plus(1));
      assertThat(loss.item()).isCloseTo(1.02486, within(1e-5));
      assertThat(pass.loss(pass.velocity().plus(-2)).item()).isCloseTo(4 * 1.02486, within(1e-4));
    }
  }

  @Test
  void theErrorsOfAPassAreItsResidualAtBothEnds() {
    // v̂ − v* = 3: noise end (1 − σ)·3 = 0.5, clean end σ·(−3) = −2.5
    try (var scope = Scope.open();
        var banks = filled(0.5, 0.25)) {
      var pass = pass(numbers(2), banks, Recycling.RELEASED, true, true, true);
      var errors = pass.errors(pass.velocity().plus(3), List.of(0), Dtype.FLOAT32).getFirst();
      assertThat(errors.level()).isEqualTo(LEVEL);
      assertThat(errors.noiseEnd().mean().item()).isCloseTo(0.5, within(1e-6));
      assertThat(errors.cleanEnd().mean().item()).isCloseTo(-2.5, within(1e-6));
      assertThat(errors.cleanEnd()).hasShape(1, 3, 1, 1);
      // Which is how far x̂₀ = x_t − σ·v̂ is from x_t − σ·v*.
      var noisy = pass.input().narrow(2, 3, 3);
      var off =
          noisy
              .minus(pass.velocity().plus(3).times(5 / 6.0))
              .minus(noisy.minus(pass.velocity().times(5 / 6.0)));
      assertThat(off.mean().item()).isCloseTo(-2.5, within(1e-5));
      errors.noiseEnd().close();
      errors.cleanEnd().close();
    }
  }

  @Test
  void whatIsToStayCleanIsTheSameBits() {
    var parts = new Parts(3, 4, 2, 3);
    long[] shape = {TinyTeacher.CHANNELS, 3, TinyTeacher.SIDE, TinyTeacher.SIDE};
    Seeds.forEach(
        10,
        seed -> {
          try (var scope = Scope.open();
              var banks = new ErrorBanks(TinyTeacher.BANKS, shape)) {
            banks.insert(TinyTeacher.errors(LEVEL, 1, 1, shape), new SplittableRandom(seed));
            var batch = TinyTeacher.batch(seed, 2, parts);
            var latents = batch.frames().latents();
            latents.narrow(2, 1, 1).fill(-0.0); // which adding zero would turn into 0
            for (var drift : Drift.values()) {
              var pass = pass(batch, banks, with(drift), List.of(draw(true), draw(false)));
              int clean =
                  switch (drift) {
                    case CONTEXT -> 0;
                    case PAST -> 3;
                    case MOTION -> 7;
                  };
              if (clean > 0) {
                assertThat(pass.input().narrow(2, 0, clean))
                    .isBitwiseEqualTo(latents.narrow(2, 0, clean));
              }
              assertThat(pass.input().narrow(0, 1, 1).narrow(2, 0, 9)) // the sample without errors
                  .isBitwiseEqualTo(latents.narrow(0, 1, 1).narrow(2, 0, 9));
              var added =
                  pass.input()
                      .narrow(0, 0, 1)
                      .narrow(2, clean, 9 - clean)
                      .minus(latents.narrow(0, 0, 1).narrow(2, clean, 9 - clean));
              assertThat(added.plus(-1).abs().max().item()).as(drift.name()).isLessThan(1e-6);
            }
          }
        });
  }

  @Test
  void aContextsErrorIsARunOfConsecutiveFramesOfOne() {
    var parts = new Parts(1, 0, 2, 3);
    var seen = new TreeSet<Integer>();
    try (var scope = Scope.open();
        var banks = new ErrorBanks(TinyTeacher.BANKS, 1, 3, 1, 1)) {
      var ramp = Tensor.of(new float[] {0, 10, 20}, 1, 3, 1, 1);
      banks.insert(new PassErrors(9, ramp, ramp), new SplittableRandom(1));
      var batch = TinyTeacher.of(Tensor.zeros(Dtype.FLOAT32, Device.CPU, 1, 1, 6, 1, 1), parts);
      for (int seed = 0; seed < 20; seed++) {
        var pass =
            pass(batch, banks, with(Drift.MOTION), List.of(draw(true)), new SplittableRandom(seed));
        float[] motion = pass.input().narrow(2, 1, 2).toFloats();
        assertThat(motion[1] - motion[0]).isEqualTo(10);
        seen.add((int) motion[0]);
      }
      assertThat(seen).containsExactly(0, 10); // either run that fits
      var longer = new Parts(2, 1, 2, 3);
      var all =
          pass(
              TinyTeacher.of(Tensor.zeros(Dtype.FLOAT32, Device.CPU, 1, 1, 8, 1, 1), longer),
              banks,
              with(Drift.CONTEXT),
              List.of(draw(true)));
      assertThat(all.input().narrow(2, 0, 5).toFloats()).containsExactly(0, 10, 20, 0, 10);
    }
  }

  @Test
  void aContextsErrorComesFromAnyLevelATargetsFromItsOwn() {
    try (var scope = Scope.open();
        var banks = new ErrorBanks(TinyTeacher.BANKS, 1, 3, 1, 1)) {
      banks.insert(TinyTeacher.errors(LEVEL + 1, 0.5, 0.25, 1, 3, 1, 1), new SplittableRandom(1));
      var pass = pass(numbers(2), banks, Recycling.RELEASED, true, true, true);
      assertThat(pass.velocity().toFloats()).containsOnly(-1);
      assertThat(pass.input().narrow(2, 2, 1).toFloats()).containsOnly(2.25f);
    }
  }

  @Test
  void modulationScalesAnErrorWithinItsRange() {
    try (var scope = Scope.open();
        var banks = filled(0, 1)) {
      var config =
          new Recycling(
              5, 0, 0, 1, 0, 0, 0.5, Drift.MOTION, Bookkeeping.CORRECT, ContextTimestep.ZERO, 0);
      double least = 9;
      double most = 0;
      for (int seed = 0; seed < 50; seed++) {
        var pass = pass(numbers(0), banks, config, List.of(draw(true)), new SplittableRandom(seed));
        double added = pass.input().narrow(2, 2, 1).mean().item();
        assertThat(added).isBetween(0.5, 1.5);
        least = Math.min(least, added);
        most = Math.max(most, added);
      }
      assertThat(least).isLessThan(0.7);
      assertThat(most).isGreaterThan(1.3);
    }
  }

  @Test
  void theContextIsTimestep0OrTheTargets() {
    try (var scope = Scope.open();
        var banks = filled(0, 0)) {
      float t = TABLE.timesteps()[ENTRY];
      assertThat(pass(numbers(2), banks, Recycling.PAPER, true, true, true).timesteps().toFloats())
          .containsExactly(0, 0, 0, t, t, t);
      assertThat(
              pass(numbers(2), banks, Recycling.RELEASED, true, true, true).timesteps().toFloats())
          .containsExactly(t, t, t, t, t, t);
    }
  }

  @Test
  void theReleasedBookkeepingAsksTheOtherBankAndKeepsCleanPassesAfterWarmUp() {
    assertThat(Bookkeeping.CORRECT.gateOfTarget()).isEqualTo(ErrorKind.CLEAN_END);
    assertThat(Bookkeeping.RELEASED.gateOfTarget()).isEqualTo(ErrorKind.NOISE_END);
    assertThat(Bookkeeping.RELEASED.keepsEveryCleanPass(false)).isTrue();
    assertThat(Bookkeeping.RELEASED.keepsEveryCleanPass(true)).isFalse();
    assertThat(Bookkeeping.CORRECT.keepsEveryCleanPass(false)).isFalse();
  }

  @Test
  void fractionsOfSamplesAreWhatTheConfigurationSays() {
    var config =
        new Recycling(
            5,
            0.2,
            0.9,
            0.6,
            0.5,
            0.1,
            0,
            Drift.MOTION,
            Bookkeeping.CORRECT,
            ContextTimestep.ZERO,
            0);
    var dice = new SplittableRandom(5);
    var draws = IntStream.range(0, 20_000).mapToObj(i -> config.draw(dice)).toList();
    assertThat(share(draws, Recycling.Draw::clean)).isCloseTo(0.5, within(0.02));
    assertThat(share(draws, Recycling.Draw::noise)).isCloseTo(0.1, within(0.02)); // half are clean
    assertThat(share(draws, Recycling.Draw::target)).isCloseTo(0.45, within(0.02));
    assertThat(share(draws, Recycling.Draw::context)).isCloseTo(0.3, within(0.02));
    assertThat(share(draws, Recycling.Draw::keptIfClean)).isCloseTo(0.1, within(0.02));
    assertThat(draws).noneMatch(d -> d.clean() && (d.noise() || d.target() || d.context()));
    assertThat(draws).allMatch(d -> d.entry() >= 0 && d.entry() < 1000);
    assertThat(draws.stream().map(Recycling.Draw::entry).distinct().count()).isEqualTo(1000);
  }

  private static double share(List<Recycling.Draw> draws, Predicate<Recycling.Draw> of) {
    return (double) draws.stream().filter(of).count() / draws.size();
  }

  /** Banks with one error of each kind at the level of {@link #ENTRY}. */
  private static ErrorBanks filled(double noiseEnd, double cleanEnd) {
    try (var scope = Scope.open()) {
      var banks = new ErrorBanks(TinyTeacher.BANKS, 1, 3, 1, 1);
      banks.insert(
          TinyTeacher.errors(LEVEL, noiseEnd, cleanEnd, 1, 3, 1, 1), new SplittableRandom(1));
      return banks;
    }
  }

  private static ContextBatch numbers(double value) {
    return TinyTeacher.of(Tensor.full(value, Dtype.FLOAT32, Device.CPU, 1, 1, 6, 1, 1), PARTS);
  }

  private static Recycling with(Drift drift) {
    return new Recycling(5, 0, 0, 1, 0, 0, 0, drift, Bookkeeping.CORRECT, ContextTimestep.ZERO, 0);
  }

  private static Recycling.Draw draw(boolean context) {
    return new Recycling.Draw(ENTRY, false, false, context, !context, false);
  }

  private static RecycledPass pass(
      ContextBatch batch,
      ErrorBanks banks,
      Recycling config,
      boolean noise,
      boolean target,
      boolean context) {
    var draw = new Recycling.Draw(ENTRY, noise, target, context, false, false);
    return pass(batch, banks, config, Collections.nCopies(batch.samples(), draw));
  }

  private static RecycledPass pass(
      ContextBatch batch, ErrorBanks banks, Recycling config, List<Recycling.Draw> draws) {
    return pass(batch, banks, config, draws, new SplittableRandom(2));
  }

  /** With ε = 1. */
  private static RecycledPass pass(
      ContextBatch batch,
      ErrorBanks banks,
      Recycling config,
      List<Recycling.Draw> draws,
      SplittableRandom dice) {
    long[] shape = batch.frames().latents().shape();
    shape[2] = batch.parts().target();
    var noise = Tensor.full(1, Dtype.FLOAT32, Device.CPU, shape);
    return RecycledPass.of(batch, draws, noise, banks, config, TABLE, dice);
  }
}
