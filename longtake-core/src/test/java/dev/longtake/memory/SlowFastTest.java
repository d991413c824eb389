package dev.longtake.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.memory.Steps.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SlowFastTest extends MemoryPolicyContract {
  private static final SlowFast PAPER = MemoryPolicies.CONTEXT_FORCING;
  private static final Views STILL = Views.scenes(frame -> 0);
  private static final Views EVERY_CHUNK_NEW = Views.scenes(frame -> frame / 3 % 64);

  @Override
  Subject draw(Random random) {
    int sink = random.nextInt(5);
    int slow = 1 + random.nextInt(8);
    int fast = 2 + random.nextInt(8);
    var policy =
        new SlowFast(
            sink,
            slow,
            fast,
            -1 + 3 * random.nextDouble(),
            1 + random.nextInt(3),
            Eviction.values()[random.nextInt(2)]);
    return new Subject(policy, sink, fast, Math.min(fast - 1, 6), Positions.BY_SLOT);
  }

  @Test
  void withoutSurprisesSlowMemoryStaysTheBeginning() {
    assertThat(Steps.table(Steps.run(PAPER, 9, STILL)))
        .isEqualTo(
            """
            - | - | - | 0 1 2
            0 1 2 | - | - | 3 4 5
            0 1 2 | - | 3 4 5 | 6 7 8
            0 1 2 | 3 4 5 | 6 7 8 | 9 10 11
            0 1 2 | 3 4 5 6 7 8 | 9 10 11 | 12 13 14
            0 1 2 | 3 4 5 6 7 8 9 10 11 | 12 13 14 | 15 16 17
            0 1 2 | 3 4 5 6 7 8 9 10 11 12 13 14 | 15 16 17 | 18 19 20
            0 1 2 | 3 4 5 6 7 8 9 10 11 12 13 14 | 18 19 20 | 21 22 23
            0 1 2 | 3 4 5 6 7 8 9 10 11 12 13 14 | 21 22 23 | 24 25 26\
            """);
  }

  @Test
  void everySecondChunkLeavesItsFirstFrameWhenAllAreSurprises() {
    var steps = Steps.run(PAPER, 36, EVERY_CHUNK_NEW);
    assertThat(Steps.table(steps.subList(2, 14)))
        .isEqualTo(
            """
            0 1 2 | - | 3 4 5 | 6 7 8
            0 1 2 | 3 4 5 | 6* 7 8 | 9 10 11
            0 1 2 | 3 4 5 6* 7 8 | 9 10 11 | 12 13 14
            0 1 2 | 3 4 5 6* 7 8 9 10 11 | 12* 13 14 | 15 16 17
            0 1 2 | 3 4 5 6* 7 8 9 10 11 12* 13 14 | 15 16 17 | 18 19 20
            0 1 2 | 3 4 5 6* 7 8 9 10 11 12* 13 14 | 18* 19 20 | 21 22 23
            0 1 2 | 4 5 6* 7 8 9 10 11 12* 13 14 18* | 21 22 23 | 24 25 26
            0 1 2 | 4 5 6* 7 8 9 10 11 12* 13 14 18* | 24* 25 26 | 27 28 29
            0 1 2 | 5 6* 7 8 9 10 11 12* 13 14 18* 24* | 27 28 29 | 30 31 32
            0 1 2 | 5 6* 7 8 9 10 11 12* 13 14 18* 24* | 30* 31 32 | 33 34 35
            0 1 2 | 6* 7 8 9 10 11 12* 13 14 18* 24* 30* | 33 34 35 | 36 37 38
            0 1 2 | 6* 7 8 9 10 11 12* 13 14 18* 24* 30* | 36* 37 38 | 39 40 41\
            """);
    assertThat(steps.get(30).row())
        .isEqualTo("0 1 2 | 18* 24* 30* 36* 42* 48* 54* 60* 66* 72* 78* 84* | 87 88 89 | 90 91 92");
    assertThat(steps.get(31).row())
        .isEqualTo(
            "0 1 2 | 18* 24* 30* 36* 42* 48* 54* 60* 66* 72* 78* 84* | 90* 91 92 | 93 94 95");
    assertThat(steps.get(32).row())
        .isEqualTo("0 1 2 | 24* 30* 36* 42* 48* 54* 60* 66* 72* 78* 84* 90* | 93 94 95 | 96 97 98");
  }

  /**
   * The authors' code reaches back 69 and 72 latent frames in turn with even sampling; an entry
   * that moves to slow memory only on leaving fast memory adds the length of that, 6.
   */
  @Test
  void evenSamplingReachesBackNineteenSeconds() {
    var steps = Steps.run(MemoryPolicies.policy("slow-fast:threshold=2"), 60, STILL);
    assertThat(steps.subList(30, 60).stream().map(Step::reach).distinct().sorted().toList())
        .isEqualTo(List.of(75, 78));
  }

  @Test
  void everySlotIsUsedOnceMemoryIsFull() {
    for (var views : List.of(STILL, EVERY_CHUNK_NEW)) {
      var steps = Steps.run(PAPER, 40, views);
      assertThat(steps.subList(6, 40)).allMatch(step -> step.plan().attended() == 21);
      assertThat(steps.getLast().plan().chunkPositions()).containsExactly(18, 19, 20);
    }
  }

  @Test
  void aCutAtADecisionIsRemembered() {
    var cut = Views.scenes(frame -> frame < 24 ? 0 : 1);
    var slow = Steps.run(PAPER, 14, cut).getLast().after().in(Region.SLOW);
    assertThat(slow.stream().filter(Slot::keyframe).map(Slot::frame)).containsExactly(24);
    assertThat(slow.stream().map(Slot::frame))
        .containsExactly(4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 24);
  }

  @Test
  void aCutBetweenDecisionsIsRememberedOnlyIfEveryChunkDecides() {
    var cut = Views.scenes(frame -> frame < 27 ? 0 : 1);
    var paper = Steps.run(PAPER, 14, cut).getLast().after();
    assertThat(paper.slots()).noneMatch(Slot::keyframe);
    var each = Steps.run(MemoryPolicies.policy("slow-fast:interval=1"), 14, cut).getLast().after();
    assertThat(each.slots().stream().filter(Slot::keyframe).map(Slot::frame)).containsExactly(27);
  }

  @Test
  void nothingIsDecidedBeforeTheThirdChunk() {
    var policy = MemoryPolicies.policy("slow-fast:sink=0,interval=1,threshold=2");
    var held = Steps.run(policy, 4, STILL).getLast().after();
    assertThat(held.slots().stream().filter(Slot::keyframe).map(Slot::frame)).containsExactly(6, 9);
  }

  @Test
  void theThresholdItselfIsNoSurprise() {
    assertThat(keyframes(0.95)).isEmpty();
    assertThat(keyframes(Math.nextDown(0.95))).containsExactly(6);
  }

  private static List<Integer> keyframes(double similarity) {
    var held = Held.empty();
    for (int i = 0; i < 3; i++) {
      held = PAPER.remember(held, PAPER.plan(held, 3), (a, b) -> similarity);
    }
    return held.slots().stream().filter(Slot::keyframe).map(Slot::frame).toList();
  }

  @Test
  void aChunkIsComparedWithTheOneBeforeItAndNothingElse() {
    var held = Steps.run(PAPER, 4, STILL).getLast().after();
    var asked = new ArrayList<String>();
    PAPER.remember(
        held,
        PAPER.plan(held, 2),
        (a, b) -> {
          asked.add(a + " with " + b);
          return 1;
        });
    assertThat(asked).containsExactly("9..11 with 12..13");
  }

  @Test
  void aPausedCameraForgetsOldRoomsButNotDistinctOnes() {
    // Eight rooms of six seconds, then the camera rests in the last.
    var rooms = Views.scenes(frame -> Math.min(frame / 24, 7));
    assertThat(roomsHeld("slow-fast:threshold=2", rooms)).containsExactly(0, 7);
    assertThat(roomsHeld("slow-fast-redundant", rooms)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
    assertThat(roomsHeld("slow-fast:interval=1,eviction=redundant", rooms))
        .containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
  }

  private static List<Integer> roomsHeld(String spec, Views rooms) {
    var held = Steps.run(MemoryPolicies.policy(spec), 200, rooms).getLast().after();
    return held.slots().stream().map(slot -> Math.min(slot.frame() / 24, 7)).distinct().toList();
  }

  @Test
  void aCameraThatTurnsForMinutesKeepsTheWholePanorama() {
    for (double degrees : new double[] {1, 2, 3, 4.5, 6}) {
      assertThat(widestGap("slow-fast-redundant", degrees)).as("%s", degrees).isLessThan(60);
    }
  }

  @Test
  void firstInFirstOutHoldsASlowTurnOnlyInPart() {
    assertThat(widestGap("slow-fast:threshold=2", 2)).isGreaterThan(180);
    assertThat(widestGap("slow-fast:threshold=2", 6)).isLessThan(60);
  }

  @Test
  void aSlowTurnNeverSurprises() {
    var held = Steps.run(PAPER, 100, Views.turning(frame -> 3.0 * frame)).getLast().after();
    assertThat(held.slots()).noneMatch(Slot::keyframe);
  }

  /** The widest sector, in degrees, without a remembered heading at any time after the start. */
  private static double widestGap(String spec, double degrees) {
    var turning = Views.turning(frame -> degrees * frame);
    double widest = 0;
    for (var step : Steps.run(MemoryPolicies.policy(spec), 400, turning).subList(200, 400)) {
      var headings =
          step.plan().past().stream().map(slot -> degrees * slot.frame() % 360).sorted().toList();
      widest = Math.max(widest, headings.getFirst() + 360 - headings.getLast());
      for (int i = 1; i < headings.size(); i++) {
        widest = Math.max(widest, headings.get(i) - headings.get(i - 1));
      }
    }
    return widest;
  }

  @Test
  void ofTwoLikeFramesTheOlderStays() {
    var seen = Views.turning(frame -> List.of(0, 90, 91, 180).get(frame) * 1.0);
    var slow = slots(1, 2, 3);
    assertThat(Eviction.REDUNDANT.choose(slots(0), slow, seen)).isEqualTo(2);
    assertThat(Eviction.OLDEST.choose(slots(0), slow, seen)).isEqualTo(1);
  }

  @Test
  void whatTheSinkShowsAlreadyIsRedundant() {
    var seen = Views.turning(frame -> List.of(0, 1, 90, 130).get(frame) * 1.0);
    assertThat(Eviction.REDUNDANT.choose(slots(0), slots(1, 2, 3), seen)).isEqualTo(1);
  }

  @Test
  void amongFramesAllAlikeTheNewcomerIsRefused() {
    assertThat(Eviction.REDUNDANT.choose(slots(0), slots(1, 2, 3), STILL)).isEqualTo(3);
    assertThat(Eviction.REDUNDANT.choose(List.of(), slots(3), STILL)).isEqualTo(3);
  }

  private static List<Slot> slots(int... frames) {
    return Arrays.stream(frames)
        .mapToObj(frame -> new Slot(frame, frame == 0 ? Region.SINK : Region.SLOW))
        .toList();
  }

  @Test
  void aChunkThatFillsFastMemoryIsRefusedWithTheRemedy() {
    assertThatThrownBy(() -> PAPER.plan(Held.empty(), 6))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "fast memory of 6 frames cannot hold a chunk of 6 and frames before it; make fast at"
                + " least 7 or the chunk smaller");
  }

  @Test
  void keysThatAreNotFiniteAreReported() {
    var held = Steps.run(PAPER, 2, STILL).getLast().after();
    var plan = PAPER.plan(held, 3);
    assertThatThrownBy(() -> PAPER.remember(held, plan, (a, b) -> Double.NaN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("frames 3..5 and 6..8 have no similarity");
  }

  @Test
  void whatALargerMemoryHeldIsRefusedByASmallerOne() {
    var held = Steps.run(MemoryPolicies.policy("slow-fast:sink=9"), 12, STILL).getLast().after();
    assertThatThrownBy(() -> PAPER.plan(held, 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("27 frames to attend and room for 21");
  }

  @Test
  void sizesOutOfRangeAreRefusedWithTheRemedy() {
    assertThatThrownBy(() -> MemoryPolicies.parse("slow-fast:slow=0"))
        .hasMessageContaining("sink 3, slow 0, fast 6")
        .hasMessageContaining("without slow memory use sink-window");
    assertThatThrownBy(() -> MemoryPolicies.parse("slow-fast:threshold=95"))
        .hasMessage("threshold 95.0 is outside -1 (never) to 2 (always); the paper has 0.95");
    assertThatThrownBy(() -> MemoryPolicies.parse("slow-fast:threshold=NaN"))
        .hasMessageContaining("threshold NaN");
    assertThatThrownBy(() -> MemoryPolicies.parse("slow-fast:interval=0"))
        .hasMessageContaining("interval 0 is below 1");
  }
}
