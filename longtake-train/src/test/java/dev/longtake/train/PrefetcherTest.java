package dev.longtake.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class PrefetcherTest {

  @Test
  void itemsComeInTheOrderTheyAreAskedForWhateverFinishesFirst() {
    var second = new CountDownLatch(1);
    try (var items =
        new Prefetcher<>(
            number -> {
              if (number == 0) {
                await(second); // item 0 is finished after item 1
              } else if (number == 1) {
                second.countDown();
              }
              return "item " + number;
            },
            2,
            2)) {
      for (int i = 0; i < 5; i++) {
        assertThat(items.apply(i)).isEqualTo("item " + i);
      }
    }
  }

  @Test
  void itemsAreMadeAheadOnceEach() {
    Set<Long> made = ConcurrentHashMap.newKeySet();
    var third = new CountDownLatch(1);
    try (var items =
        new Prefetcher<>(
            number -> {
              assertThat(made.add(number)).as("item " + number + " is made twice").isTrue();
              if (number == 2) {
                third.countDown();
              }
              return number;
            },
            1,
            2)) {
      assertThat(items.apply(0)).isZero();
      await(third); // without being asked for
      assertThat(items.apply(1)).isEqualTo(1);
      assertThat(items.apply(2)).isEqualTo(2);
    }
  }

  @Test
  void aResumedRunStartsAnywhereAndMaySkip() {
    try (var items = new Prefetcher<Long>(number -> number * 10, 2, 3)) {
      assertThat(items.apply(1000)).isEqualTo(10_000);
      assertThat(items.apply(1007)).isEqualTo(10_070);
    }
  }

  @Test
  void aMakersExceptionReachesWhoeverAsksForThatItem() {
    try (var items =
        new Prefetcher<Long>(
            number -> {
              if (number == 1) {
                throw new IllegalArgumentException("no world 1");
              }
              return number;
            },
            2,
            2)) {
      assertThat(items.apply(0)).isZero();
      assertThatThrownBy(() -> items.apply(1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("no world 1");
      assertThat(items.apply(2)).isEqualTo(2);
    }
  }

  @Test
  void aMakersErrorIsThrownAsItIs() {
    try (var items =
        new Prefetcher<Long>(
            number -> {
              throw new OutOfMemoryError("pictures");
            },
            1,
            1)) {
      assertThatThrownBy(() -> items.apply(3))
          .isInstanceOf(OutOfMemoryError.class)
          .hasMessage("pictures");
    }
  }

  @Test
  void closingInterruptsWhatIsUnderWayAndRefusesMore() throws Exception {
    var begun = new CountDownLatch(1);
    var ended = new CountDownLatch(1);
    var interrupted = new AtomicReference<InterruptedException>();
    var items =
        new Prefetcher<Long>(
            number -> {
              if (number > 0) {
                begun.countDown();
                try {
                  new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                  interrupted.set(e);
                  ended.countDown();
                }
              }
              return number;
            },
            1,
            1);
    items.apply(0);
    begun.await();
    items.close();
    ended.await();
    assertThat(interrupted.get()).isNotNull();
    assertThatThrownBy(() -> items.apply(1))
        .isInstanceOf(CancellationException.class)
        .hasMessageContaining("prefetching was closed");
  }

  @Test
  void anInterruptedWaitEndsAndKeepsTheInterrupt() {
    var never = new CountDownLatch(1);
    try (var items =
        new Prefetcher<Long>(
            number -> {
              await(never);
              return number;
            },
            1,
            1)) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> items.apply(0))
          .isInstanceOf(CancellationException.class)
          .hasMessageContaining("item 0");
      assertThat(Thread.interrupted()).isTrue(); // and clears it for the next test
    }
  }

  @Test
  void noThreadsAreRefused() {
    assertThatThrownBy(() -> new Prefetcher<>(number -> number, 0, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not 0 and 1");
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
