package dev.longtake.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.diffusion.FlowSchedule;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class DrawsTest {

  @Test
  void timestepsAreWarpedAndThenClamped() {
    var warp = new TimeWarp(5, 20, 980);
    assertThat(warp.at(20)).isCloseTo(92.593, within(1e-3)); // 1000·5·0.02 / 1.08
    assertThat(warp.at(500)).isCloseTo(833.333, within(1e-3));
    assertThat(warp.at(980)).isEqualTo(980); // 995.936 before
    assertThat(warp.at(0)).isEqualTo(20);
    assertThat(new TimeWarp(1, 0, 1000).at(437)).isCloseTo(437, within(1e-9));
  }

  @Test
  void aTwelfthOfTheTimestepsIsTheLargest() {
    var warp = new TimeWarp(5, 20, 980);
    int most = 0;
    for (int raw = 0; raw < 1000; raw++) {
      most += warp.at(raw) == 980 ? 1 : 0;
    }
    assertThat(most).isEqualTo(92); // 9.2 %, from 908 on
    long seed = 5;
    for (float timestep : warp.draw(new SplittableRandom(seed), 1000)) {
      assertThat(timestep).isBetween(20f, 980f);
    }
  }

  @Test
  void badTimestepsAreRefusedInOneLine() {
    assertThatThrownBy(() -> new TimeWarp(0, 20, 980)).hasMessageContaining("not 0.0, 20.0, 980.0");
    assertThatThrownBy(() -> new TimeWarp(5, 980, 20)).hasMessageContaining("least < most");
    assertThatThrownBy(() -> new TimeWarp(5, 20, 1001)).hasMessageContaining("<= 1000");
  }

  @Test
  void theLongestRolloutGrowsChunkByChunkFrom84To105() {
    var lengths = new RolloutLengths(84, 105, 3, 600);
    assertThat(lengths.most(0)).isEqualTo(84);
    assertThat(lengths.most(85)).isEqualTo(84); // 28 + 7·85/600 = 28.99 chunks
    assertThat(lengths.most(86)).isEqualTo(87);
    assertThat(lengths.most(599)).isEqualTo(102);
    assertThat(lengths.most(600)).isEqualTo(105);
    assertThat(lengths.most(5000)).isEqualTo(105);
  }

  @Test
  void lengthsAreEvenOverWhatIsAllowed() {
    var lengths = new RolloutLengths(84, 105, 3, 600);
    long seed = 3;
    var random = new SplittableRandom(seed);
    var seen = new TreeSet<Integer>();
    int shortest = 0;
    for (int i = 0; i < 800; i++) {
      int length = lengths.draw(600, random);
      seen.add(length);
      shortest += length == 84 ? 1 : 0;
    }
    assertThat(seen).containsExactly(84, 87, 90, 93, 96, 99, 102, 105);
    assertThat(shortest).as("of 800, seed " + seed).isBetween(60, 140);
    assertThat(RolloutLengths.always(21).draw(9000, random)).isEqualTo(21);
  }

  @Test
  void badLengthsAreRefusedInOneLine() {
    assertThatThrownBy(() -> new RolloutLengths(84, 80, 3, 1)).hasMessageContaining("84, 3, 80, 1");
    assertThatThrownBy(() -> new RolloutLengths(20, 23, 3, 1))
        .hasMessageContaining("must be multiples of 3");
    assertThatThrownBy(() -> new RolloutLengths(21, 30, 18, 1))
        .hasMessageContaining("from plus a multiple of every");
  }

  @Test
  void exitsAreEvenOverTheSamplersPasses() {
    long seed = 8;
    var random = new SplittableRandom(seed);
    int[] counts = new int[4];
    for (int i = 0; i < 800; i++) {
      counts[plain(random, PromptChange.NONE).exit()]++;
    }
    for (int count : counts) {
      assertThat(count).as("of 800, seed " + seed).isBetween(140, 260);
    }
  }

  @Test
  void exitsMayBeKeptToTheLatestPasses() {
    var random = new SplittableRandom(8);
    var seen = new TreeSet<Integer>();
    for (int i = 0; i < 100; i++) {
      seen.add(ending(random, 2, PromptChange.NONE).exit());
    }
    assertThat(seen).containsExactly(2, 3);
  }

  @Test
  void promptsChangeWhereWindowsBeginToBeNew() {
    long seed = 9;
    var random = new SplittableRandom(seed);
    var seen = new TreeSet<Integer>();
    for (int i = 0; i < 500; i++) {
      var draw = plain(random, PromptChange.RECOMPUTE);
      draw.change()
          .ifPresent(
              frame -> {
                seen.add(frame);
                assertThat(frame).isLessThan(draw.frames());
                assertThat(draw.frames() - 18).isGreaterThanOrEqualTo(frame);
              });
      assertThat(plain(random, PromptChange.NONE).change()).isEmpty();
    }
    assertThat(seen).containsExactly(21, 39, 57, 75);
  }

  @Test
  void aShareOfRolloutsIsTheWindowAlone() {
    var config = config(1, PromptChange.NONE, 0, new Rehearsal(0.25, 1));
    var plain = config(1, PromptChange.NONE, 0, Rehearsal.NONE);
    var lengths = new TreeSet<Integer>();
    var exits = new TreeSet<Integer>();
    int rehearsed = 0;
    for (int seed = 0; seed < 1000; seed++) {
      var draw = RolloutDraw.of(new SplittableRandom(seed), 1, config, 4);
      var without = RolloutDraw.of(new SplittableRandom(seed), 1, plain, 4);
      assertThat(draw.exit()).isEqualTo(without.exit());
      if (draw.rehearsed()) {
        rehearsed++;
        exits.add(draw.exit());
        assertThat(draw).isEqualTo(new RolloutDraw(21, draw.exit(), OptionalInt.empty(), true));
      } else {
        lengths.add(draw.frames());
        assertThat(draw).isEqualTo(without);
      }
    }
    assertThat(rehearsed).isBetween(210, 290);
    assertThat(lengths).containsExactly(21, 39, 57, 75, 93);
    assertThat(exits).containsExactly(1, 2, 3);
  }

  @Test
  void theWindowOfContextOrEverythingBeforeTheJudgedFramesIsFinished() {
    assertThat(CleanContext.WINDOW.holds(60, 84, 21)).isFalse();
    assertThat(CleanContext.WINDOW.holds(63, 84, 21)).isTrue();
    assertThat(CleanContext.WINDOW.holds(84, 84, 21)).isFalse();
    assertThat(CleanContext.ALL.holds(0, 84, 21)).isTrue();
    assertThat(CleanContext.ALL.holds(84, 84, 21)).isFalse();
  }

  @Test
  void theCriticsBellIsThePublishedOne() {
    var schedule = FlowSchedule.training(5);
    assertThat(CriticWeight.BELL.at(schedule, 625)).isCloseTo(1.91404f, within(1e-4f));
    assertThat(CriticWeight.BELL.at(schedule, 937.5)).isCloseTo(0.39795f, within(1e-4f));
    assertThat(CriticWeight.FLAT.at(schedule, 937.5)).isEqualTo(1);
  }

  private static RolloutDraw plain(SplittableRandom random, PromptChange change) {
    return ending(random, 0, change);
  }

  private static RolloutDraw ending(SplittableRandom random, int earliest, PromptChange change) {
    return RolloutDraw.of(random, 1, config(earliest, change, 3, Rehearsal.NONE), 4);
  }

  /** Windows of 21 frames, of which the lead is not new. */
  private static DistillConfig config(
      int earliest, PromptChange change, int lead, Rehearsal rehearsal) {
    return Troupe.withoutContext(
        Sight.CAUSAL_WITH_MEMORY,
        new RolloutLengths(21, 93, 18, 1),
        change,
        21,
        lead,
        ExitGradient.RECORDED,
        earliest,
        rehearsal);
  }
}
