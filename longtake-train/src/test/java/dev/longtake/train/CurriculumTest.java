package dev.longtake.train;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.memory.Eviction;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.memory.MemoryPolicy;
import dev.longtake.memory.Plan;
import dev.longtake.memory.Positions;
import dev.longtake.memory.SinkWindow;
import dev.longtake.memory.SlowFast;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.text.TokenIds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class CurriculumTest {
  private static final int VIDEOS = 4;
  private static final int FRAMES = 30;
  private static final int FULL = 9; // 3 sink, 3 slow, 3 fast beside the chunk
  private static final Curriculum CURRICULUM =
      new Curriculum(9, 60, new Curriculum.Shares(0.2, 0.3, 0.1, 0, 0), 6);
  private static final List<MemoryPolicy> POLICIES =
      List.of(
          new SlowFast(3, 3, 6, SlowFast.ALWAYS, 1, Eviction.REDUNDANT),
          new SlowFast(3, 3, 6, SlowFast.ALWAYS, 2, Eviction.OLDEST));

  @Test
  void theSharesAreThoseGiven() {
    var kinds = new TreeMap<String, Integer>();
    int steps = 1500;
    try (var scope = Scope.open();
        var footage = numbered()) {
      for (long step = 0; step < steps; step++) {
        try (var inner = Scope.open()) {
          var batch = CURRICULUM.batch(footage, footage, step, 0);
          var kind =
              batch.chunk() == 6
                  ? "forcing"
                  : batch.context() == 0 ? "first" : batch.context() < FULL ? "filling" : "full";
          kinds.merge(kind, 1, Integer::sum);
        }
      }
    }
    Map<String, Double> wanted = Map.of("forcing", 0.1, "first", 0.2, "filling", 0.3, "full", 0.4);
    assertThat(kinds).containsOnlyKeys(wanted.keySet());
    kinds.forEach(
        (kind, count) ->
            assertThat((double) count / steps).as(kind).isEqualTo(wanted.get(kind), within(0.04)));
  }

  @Test
  void aBatchHoldsWholeSamplesOfAboutAsManyFrames() {
    try (var scope = Scope.open();
        var footage = numbered()) {
      for (long step = 0; step < 60; step++) {
        var batch = CURRICULUM.batch(footage, footage, step, 0);
        int frames = batch.positions().length;
        boolean forced = batch.chunk() == 6;
        long size = forced ? 60 / 12 : 60 / frames;
        assertThat(batch.latents()).hasShape(size, 1, frames, 1, 1);
        assertThat(batch.captions().ids()).hasShape(size, 2);
        assertThat(batch.context()).isEqualTo(forced ? 0 : frames - 3);
      }
    }
  }

  @Test
  void theSameStepGivesTheSameBatchAndAnotherStepOrSeedAnother() {
    var other = new Curriculum(10, 60, new Curriculum.Shares(0.2, 0.3, 0.1, 0, 0), 6);
    try (var scope = Scope.open();
        var footage = numbered()) {
      int like = 0;
      for (long step = 0; step < 20; step++) {
        var batch = CURRICULUM.batch(footage, footage, step, 0);
        var again = CURRICULUM.batch(footage, footage, step, 0);
        assertThat(again.latents()).isBitwiseEqualTo(batch.latents());
        assertThat(again.captions().ids()).isBitwiseEqualTo(batch.captions().ids());
        assertThat(again.positions()).isEqualTo(batch.positions());
        float[] latents = batch.latents().toFloats();
        like +=
            Arrays.equals(
                    CURRICULUM.batch(footage, footage, step + 1, 0).latents().toFloats(), latents)
                ? 1
                : 0;
        like +=
            Arrays.equals(other.batch(footage, footage, step, 0).latents().toFloats(), latents)
                ? 1
                : 0;
      }
      assertThat(like).isLessThan(3);
    }
  }

  @Test
  void contextFramesAreThoseThatMemoryHeldBeforeTheChunk() {
    try (var scope = Scope.open();
        var footage = numbered()) {
      for (long step = 0; step < 150; step++) {
        try (var inner = Scope.open()) {
          var batch = CURRICULUM.batch(footage, footage, step, 0);
          int each = batch.positions().length;
          float[] numbers = batch.latents().toFloats();
          long[] captions = batch.captions().ids().toLongs();
          for (int row = 0; row < batch.latents().size(0); row++) {
            int video = (int) numbers[row * each] / 1000;
            int[] frames = new int[each];
            for (int i = 0; i < each; i++) {
              int number = (int) numbers[row * each + i];
              assertThat(number / 1000).as("one video a sample").isEqualTo(video);
              frames[i] = number % 1000;
            }
            assertThat(captions[2 * row]).as("its caption").isEqualTo(video);
            assertSampleIsRight(footage, batch, video, frames);
          }
        }
      }
    }
  }

  private static void assertSampleIsRight(
      Footage footage, CausalBatch batch, int video, int[] frames) {
    int context = batch.context();
    int first = frames[context];
    assertThat(first % 3).isZero();
    assertThat(Arrays.copyOfRange(frames, context, frames.length))
        .isEqualTo(IntStream.range(first, first + batch.chunk()).toArray());
    if (batch.chunk() == 6) {
      assertThat(batch.positions()).containsExactly(0, 1, 2, 3, 4, 5);
      return;
    }
    var held = Arrays.stream(frames, 0, context).boxed().toList();
    assertThat(held).allMatch(frame -> frame < first);
    var traced =
        footage.traces().get(video).stream().map(trace -> trace.plans().get(first / 3)).toList();
    assertThat(traced.stream().map(CurriculumTest::pastFrames)).contains(held);
    var plan = traced.getFirst();
    assertThat(batch.positions())
        .isEqualTo(
            IntStream.concat(
                    Arrays.stream(plan.pastPositions()), Arrays.stream(plan.chunkPositions()))
                .toArray());
    assertThat(batch.positions()[frames.length - 1]).isLessThan(POLICIES.getFirst().capacity());
  }

  @Test
  void bothMemoriesAndAllChunksAreVisited() {
    var chunks = new TreeMap<Integer, Integer>();
    try (var scope = Scope.open();
        var footage = numbered()) {
      for (long step = 0; step < 200; step++) {
        try (var inner = Scope.open()) {
          var batch =
              new Curriculum(1, 15, new Curriculum.Shares(0, 0, 0, 0, 0), 6)
                  .batch(footage, footage, step, 0);
          float[] numbers = batch.latents().toFloats();
          chunks.merge((int) numbers[FULL] % 1000 / 3, 1, Integer::sum);
        }
      }
    }
    assertThat(chunks.keySet()).containsExactly(3, 4, 5, 6, 7, 8, 9);
  }

  @Test
  void theShareThatComesBackIsDrawnFromChunksKnownToComeBack() {
    int steps = 200;
    int back = 0;
    int all = 0;
    try (var scope = Scope.open();
        var footage = numbered(POLICIES, plan -> firstFrame(plan) == 15)) {
      var half = new Curriculum(1, 60, new Curriculum.Shares(0, 0, 0, 0.5, 0), 6);
      for (long step = 0; step < steps; step++) {
        try (var inner = Scope.open()) {
          var batch = half.batch(footage, footage, step, 0);
          float[] numbers = batch.latents().toFloats();
          for (int row = 0; row < batch.latents().size(0); row++) {
            back += numbers[row * 12 + FULL] % 1000 == 15 ? 1 : 0;
            all++;
          }
        }
      }
    }
    // Half of the samples, and a seventh of the other half by chance.
    assertThat((double) back / all).isEqualTo(0.5 + 0.5 / 7, within(0.05));
  }

  @Test
  void theShareThatArrivesIsDrawnFromChunksInWhichSomethingDoes() {
    int steps = 200;
    int arriving = 0;
    int back = 0;
    int all = 0;
    try (var scope = Scope.open();
        var footage =
            numbered(POLICIES, plan -> firstFrame(plan) == 15, plan -> firstFrame(plan) == 21)) {
      var both = new Curriculum(1, 60, new Curriculum.Shares(0, 0, 0, 0.3, 0.5), 6);
      for (long step = 0; step < steps; step++) {
        try (var inner = Scope.open()) {
          var batch = both.batch(footage, footage, step, 0);
          float[] numbers = batch.latents().toFloats();
          for (int row = 0; row < batch.latents().size(0); row++) {
            int first = (int) numbers[row * 12 + FULL] % 1000;
            arriving += first == 21 ? 1 : 0;
            back += first == 15 ? 1 : 0;
            all++;
          }
        }
      }
    }
    assertThat((double) arriving / all).isEqualTo(0.5 + 0.2 / 7, within(0.05));
    assertThat((double) back / all).isEqualTo(0.3 + 0.2 / 7, within(0.05));
  }

  @Test
  void whileMemoryFillsVideosAreChosenInWhichSomethingArrivesAtThatMoment() {
    int arriving = 0;
    int all = 0;
    try (var scope = Scope.open();
        var footage = numbered()) {
      var traces = new ArrayList<>(footage.traces());
      var marked = traces.getFirst().getFirst();
      traces.set(0, List.of(new MemoryTrace(marked.plans(), List.of(), List.of(1, 2))));
      var some = new Footage(footage.latents(), footage.captions(), traces);
      var filling = new Curriculum(1, 60, new Curriculum.Shares(0, 1, 0, 0, 0.6), 6);
      for (long step = 0; step < 200; step++) {
        try (var inner = Scope.open()) {
          var batch = filling.batch(some, some, step, 0);
          float[] numbers = batch.latents().toFloats();
          int each = batch.positions().length;
          for (int row = 0; row < batch.latents().size(0); row++) {
            arriving += numbers[row * each] < 1000 ? 1 : 0;
            all++;
          }
        }
      }
    }
    // All of the share from the one video where something does, and a quarter of the rest.
    assertThat((double) arriving / all).isEqualTo(0.6 + 0.4 / VIDEOS, within(0.05));
  }

  @Test
  void whereNothingIsKnownToComeBackAllMomentsAreDrawn() {
    try (var scope = Scope.open();
        var footage = numbered()) {
      var every =
          new Curriculum(1, 15, new Curriculum.Shares(0, 0, 0, 1, 0), 6)
              .batch(footage, footage, 0, 0);
      assertThat(every.context()).isEqualTo(FULL);
    }
  }

  @Test
  void firstChunksAreThoseOfTheOpenings() {
    try (var scope = Scope.open();
        var footage = numbered();
        var openings =
            new Footage(
                Scope.escape(Tensor.of(new float[] {-1, -2, -3, -4, -5, -6}, 2, 3, 1, 1, 1)),
                new TokenIds(
                    Scope.escape(Tensor.of(new long[] {7, 7, 8, 8}, 2, 2)),
                    Scope.escape(Tensor.of(new long[] {7, 7, 8, 8}, 2, 2))),
                List.of(List.of(), List.of()))) {
      var batch =
          new Curriculum(1, 60, new Curriculum.Shares(1, 0, 0, 0, 0), 6)
              .batch(footage, openings, 3, 0);
      assertThat(batch.latents()).hasShape(20, 1, 3, 1, 1);
      float[] numbers = batch.latents().toFloats();
      long[] words = batch.captions().ids().toLongs();
      for (int row = 0; row < 20; row++) {
        boolean one = words[2 * row] == 7;
        assertThat(Arrays.copyOfRange(numbers, 3 * row, 3 * row + 3))
            .containsExactly(one ? new float[] {-1, -2, -3} : new float[] {-4, -5, -6});
      }
      assertThat(words).contains(7, 8);
    }
  }

  @Test
  void footageThatSamplesCannotShareABatchOfIsRefusedWithTheRemedy() {
    var absolute = List.of(trace(new SinkWindow(3, 9, Positions.ABSOLUTE), 10));
    assertThatThrownBy(() -> CURRICULUM.check(absolute))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cannot share a batch")
        .hasMessageContaining("positions by slot");
    var mixed = List.of(trace(POLICIES.getFirst(), 10), trace(MemoryPolicies.INFINITY_ROPE, 10));
    assertThatThrownBy(() -> CURRICULUM.check(mixed))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cannot share a batch");
    CURRICULUM.check(POLICIES.stream().map(policy -> trace(policy, 10)).toList());

    try (var scope = Scope.open();
        var footage = numbered(List.of(new SinkWindow(3, 9, Positions.ABSOLUTE)))) {
      assertThatThrownBy(
              () ->
                  IntStream.range(0, 99)
                      .forEach(step -> CURRICULUM.batch(footage, footage, step, 0)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("cannot share a batch");
    }
  }

  @Test
  void footageTooShortForAStretchIsRefusedWithBothLengths() {
    var stretches = new Curriculum(1, 60, new Curriculum.Shares(0, 0, 0.1, 0, 0), 12);
    assertThatThrownBy(() -> stretches.check(List.of(trace(POLICIES.getFirst(), 3))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("footage of 9 latent frames is too short; this curriculum needs at least 12");
  }

  @Test
  void sharesAndSizesOutOfRangeAreRefused() {
    assertThatThrownBy(() -> new Curriculum(1, 60, new Curriculum.Shares(0.5, 0.4, 0.2, 0, 0), 6))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("add up to at most 1");
    assertThatThrownBy(() -> new Curriculum(1, 60, new Curriculum.Shares(0, 0, 0, 0, 0), 7))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("multiple of 3");
    assertThatThrownBy(() -> new Curriculum(1, 0, new Curriculum.Shares(0, 0, 0, 0, 0), 6))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("frames_per_step must be at least 1, not 0");
    assertThatThrownBy(() -> new Curriculum(1, 60, new Curriculum.Shares(0, 0, 0, 1.5, 0), 6))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("shares returning and arriving must add up to at most 1, not 1.5 + 0.0");
  }

  private static List<Integer> pastFrames(Plan plan) {
    return plan.past().stream().map(slot -> slot.frame()).toList();
  }

  private static MemoryTrace trace(MemoryPolicy policy, int chunks) {
    return MemoryTrace.of(policy, (a, b) -> Math.cos(a.first() - b.first()), chunks, 3);
  }

  private static Footage numbered() {
    return numbered(POLICIES);
  }

  private static Footage numbered(List<MemoryPolicy> policies) {
    return numbered(policies, MemoryTrace.Mark.NEVER);
  }

  private static Footage numbered(List<MemoryPolicy> policies, MemoryTrace.Mark comingBack) {
    return numbered(policies, comingBack, MemoryTrace.Mark.NEVER);
  }

  private static int firstFrame(Plan plan) {
    return plan.past().isEmpty() ? 0 : plan.past().getLast().frame() + 1;
  }

  /**
   * Footage whose latents say which they are, 1000 · video + frame, and whose captions say so too.
   */
  private static Footage numbered(
      List<MemoryPolicy> policies, MemoryTrace.Mark comingBack, MemoryTrace.Mark arriving) {
    float[] numbers = new float[VIDEOS * FRAMES];
    long[] words = new long[2 * VIDEOS];
    var traces = new ArrayList<List<MemoryTrace>>();
    for (int video = 0; video < VIDEOS; video++) {
      int shift = video;
      for (int frame = 0; frame < FRAMES; frame++) {
        numbers[video * FRAMES + frame] = 1000 * video + frame;
      }
      words[2 * video] = video;
      traces.add(
          policies.stream()
              .map(
                  policy ->
                      MemoryTrace.of(
                          policy,
                          (a, b) -> Math.cos((shift + 1) * (a.first() - b.first())),
                          comingBack,
                          arriving,
                          FRAMES / 3,
                          3))
              .toList());
    }
    try (var scope = Scope.open()) {
      return new Footage(
          Scope.escape(Tensor.of(numbers, VIDEOS, FRAMES, 1, 1, 1)),
          new TokenIds(
              Scope.escape(Tensor.of(words, VIDEOS, 2)), Scope.escape(Tensor.of(words, VIDEOS, 2))),
          traces);
    }
  }
}
