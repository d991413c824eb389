package dev.longtake.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.memory.Steps.Step;
import dev.longtake.testkit.Seeds;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What holds for every policy, over random sizes, chunks and similarities. */
abstract class MemoryPolicyContract {
  private static final int RUNS = 60;
  private static final int CHUNKS = 40;

  /**
   * A policy and what may be expected of it.
   *
   * @param sink frames held for good
   * @param latest length of fast memory
   * @param largestChunk frames of the longest chunk it takes
   */
  record Subject(
      MemoryPolicy policy, int sink, int latest, int largestChunk, Positions positions) {}

  /** A policy of random sizes. */
  abstract Subject draw(Random random);

  @Test
  void neverAttendsMoreThanItsCapacity() {
    everyStep(
        (subject, step) -> {
          assertThat(step.plan().attended()).isLessThanOrEqualTo(subject.policy().capacity());
          assertThat(step.after().slots().size()).isLessThanOrEqualTo(subject.policy().capacity());
        });
  }

  @Test
  void theSinkIsTheFirstFramesForGood() {
    everyStep(
        (subject, step) -> {
          int filled = Math.min(subject.sink(), step.after().frames());
          assertThat(step.after().framesIn(Region.SINK)).isEqualTo(range(0, filled));
        });
  }

  @Test
  void fastMemoryIsExactlyTheLatestFrames() {
    everyStep(
        (subject, step) -> {
          int frames = step.after().frames();
          int count = Math.min(subject.latest(), Math.max(0, frames - subject.sink()));
          assertThat(step.after().framesIn(Region.FAST)).isEqualTo(range(frames - count, frames));
        });
  }

  @Test
  void memoryIsInTheOrderOfTimeWithoutDuplicates() {
    everyStep(
        (subject, step) -> {
          var frames = step.after().slots().stream().map(Slot::frame).toList();
          assertThat(frames).isSorted().doesNotHaveDuplicates();
          assertThat(step.after().slots().stream().map(Slot::region).toList()).isSorted();
        });
  }

  @Test
  void positionsIncreaseAndAreThoseOfTheirKind() {
    everyStep(
        (subject, step) -> {
          var past = step.plan().past();
          var positions =
              IntStream.concat(
                      IntStream.of(step.plan().pastPositions()),
                      IntStream.of(step.plan().chunkPositions()))
                  .boxed()
                  .toList();
          assertThat(positions).isSorted().doesNotHaveDuplicates();
          var frames = new ArrayList<>(past.stream().map(Slot::frame).toList());
          frames.addAll(range(step.before().frames(), step.after().frames()));
          int beyond = Math.max(0, frames.getLast() + 1 - Positions.TRAINED);
          assertThat(positions)
              .isEqualTo(
                  switch (subject.positions()) {
                    case ABSOLUTE -> frames;
                    case BY_SLOT -> range(0, frames.size());
                    case TOP_ALIGNED ->
                        frames.stream()
                            .map(frame -> frame < subject.sink() ? frame : frame - beyond)
                            .toList();
                  });
        });
  }

  @Test
  void nothingForgottenComesBack() {
    everyStep(
        (subject, step) -> {
          assertThat(frames(step.before().slots())).containsAll(frames(step.plan().past()));
          var reachable = new HashSet<>(frames(step.plan().past()));
          reachable.addAll(range(step.before().frames(), step.after().frames()));
          assertThat(reachable).isEqualTo(new HashSet<>(frames(step.after().slots())));
        });
  }

  @Test
  void equalArgumentsGiveEqualResults() {
    Seeds.times(
        RUNS,
        random -> {
          var subject = draw(random);
          var views = views(random);
          var held = Held.empty();
          for (int i = 0; i < CHUNKS; i++) {
            int chunk = 1 + random.nextInt(subject.largestChunk());
            var copy =
                new Held(
                    List.copyOf(held.slots()),
                    held.frames(),
                    held.chunks(),
                    held.latest(),
                    held.evictions());
            var once = Steps.step(subject.policy(), held, chunk, views);
            var again = Steps.step(subject.policy(), copy, chunk, views);
            assertThat(again).isEqualTo(once).hasSameHashCodeAs(once);
            held = once.after();
          }
        });
  }

  @Test
  void countsFramesAndChunks() {
    everyStep(
        (subject, step) -> {
          int chunk = step.plan().chunkFrames();
          assertThat(step.after().frames()).isEqualTo(step.before().frames() + chunk);
          assertThat(step.after().chunks()).isEqualTo(step.before().chunks() + 1);
          assertThat(step.after().latest()).isEqualTo(chunk);
        });
  }

  @Test
  void goesOnAfterAFlushWithinItsCapacity() {
    Seeds.times(
        RUNS,
        random -> {
          var subject = draw(random);
          var views = views(random);
          var held = Held.empty();
          for (int i = 0; i < CHUNKS; i++) {
            int chunk = 1 + random.nextInt(subject.largestChunk());
            held = Steps.step(subject.policy(), held, chunk, views).after();
            if (random.nextInt(5) == 0) {
              int last = random.nextInt(4);
              var flushed = held.flushed(last);
              assertThat(flushed.framesIn(Region.SINK)).isEqualTo(held.framesIn(Region.SINK));
              int oldest = held.frames() - last;
              assertThat(flushed.slots())
                  .allMatch(slot -> slot.region() == Region.SINK || slot.frame() >= oldest);
              held = flushed;
            }
            assertThat(held.slots().size()).isLessThanOrEqualTo(subject.policy().capacity());
          }
        });
  }

  @Test
  void aPlanOfAnotherStateIsRefused() {
    Seeds.times(
        RUNS,
        random -> {
          var policy = draw(random).policy();
          var views = views(random);
          var held = Steps.step(policy, Held.empty(), 1, views).after();
          var foreign = new Plan(List.of(new Slot(7, Region.FAST)), new int[] {7}, new int[] {8});
          assertThatThrownBy(() -> policy.remember(held, foreign, views))
              .isInstanceOf(IllegalArgumentException.class)
              .hasMessageContaining("attends frame 7, which is not held");
        });
  }

  @Test
  void anEmptyChunkIsRefused() {
    Seeds.times(
        RUNS,
        random ->
            assertThatThrownBy(() -> draw(random).policy().plan(Held.empty(), 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("chunk of 0"));
  }

  @Test
  void itsSpecReadsBackAsAnEqualPolicy() {
    Seeds.times(
        RUNS,
        random -> {
          var policy = draw(random).policy();
          assertThat(MemoryPolicies.parse(policy.spec())).isEqualTo(policy);
        });
  }

  private void everyStep(BiConsumer<Subject, Step> check) {
    Seeds.times(
        RUNS,
        random -> {
          var subject = draw(random);
          var views = views(random);
          var held = Held.empty();
          for (int i = 0; i < CHUNKS; i++) {
            int chunk = 1 + random.nextInt(subject.largestChunk());
            var step = Steps.step(subject.policy(), held, chunk, views);
            check.accept(subject, step);
            held = step.after();
          }
        });
  }

  /** A random walk of views, now slow, now fast, with cuts. */
  private static Views views(Random random) {
    double[][] views = new double[6 * CHUNKS][];
    double pace = random.nextDouble();
    for (int frame = 0; frame < views.length; frame++) {
      views[frame] = new double[5];
      boolean cut = frame == 0 || random.nextInt(20) == 0;
      for (int i = 0; i < 5; i++) {
        views[frame][i] =
            (cut ? 0 : views[frame - 1][i]) + (cut ? 1 : pace) * random.nextGaussian();
      }
      if (random.nextInt(20) == 0) {
        pace = random.nextBoolean() ? 0 : random.nextDouble();
      }
    }
    return new Views(frame -> views[frame]);
  }

  private static List<Integer> frames(List<Slot> slots) {
    return slots.stream().map(Slot::frame).toList();
  }

  private static List<Integer> range(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }
}
