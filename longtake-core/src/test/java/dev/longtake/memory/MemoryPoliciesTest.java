package dev.longtake.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MemoryPoliciesTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "full full",
        "sliding-window sliding-window:21",
        "self-forcing sliding-window:21",
        "sliding-window:frames=9 sliding-window:9",
        "sink-window sink-window:sink=3,frames=12,positions=absolute",
        "longlive sink-window:sink=3,frames=12,positions=absolute",
        "longlive:positions=by-slot sink-window:sink=3,frames=12,positions=by-slot",
        "sink-window:9 sink-window:sink=3,frames=9,positions=absolute",
        "infinity-rope sink-window:sink=1,frames=6,positions=by-slot",
        "slow-fast slow-fast:sink=3,slow=12,fast=6,threshold=0.95,interval=2,eviction=oldest",
        "context-forcing slow-fast:sink=3,slow=12,fast=6,threshold=0.95,interval=2,eviction=oldest",
        "context-forcing-released"
            + " context-forcing-released:sink=3,slow=12,fast=6,threshold=0.95",
        "context-forcing-released:threshold=0.5,slow=9"
            + " context-forcing-released:sink=3,slow=9,fast=6,threshold=0.5",
        "rolling-forcing rolling-forcing:sink=3,frames=21",
        "rolling-forcing:24 rolling-forcing:sink=3,frames=24",
        "slow-fast-redundant"
            + " slow-fast:sink=3,slow=12,fast=6,threshold=2.0,interval=2,eviction=redundant",
        "slow-fast:threshold=0.9,eviction=redundant,sink=1"
            + " slow-fast:sink=1,slow=12,fast=6,threshold=0.9,interval=2,eviction=redundant",
      })
  void aNameStandsForAPolicyAndArgumentsChangeIt(String given, String spec) {
    assertThat(MemoryPolicies.parse(given).spec()).isEqualTo(spec);
    assertThat(MemoryPolicies.parse(spec)).isEqualTo(MemoryPolicies.parse(given));
  }

  @Test
  void spaceAroundIsIgnored() {
    assertThat(MemoryPolicies.parse(" slow-fast: sink=4 , slow = 11 "))
        .isEqualTo(new SlowFast(4, 11, 6, 0.95, 2, Eviction.OLDEST));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '>',
      quoteCharacter = '"',
      value = {
        "slowfast > unknown memory policy 'slowfast'; did you mean slow-fast? There are full,"
            + " sliding-window, sink-window, slow-fast, slow-fast-redundant, self-forcing,"
            + " longlive, infinity-rope, context-forcing, context-forcing-released, rolling-forcing",
        "slow-fast:sinks=3 > unknown argument of slow-fast 'sinks'; did you mean sink? There are"
            + " sink, slow, fast, threshold, interval, eviction",
        "slow-fast:21 > unknown argument of slow-fast '21'; did you mean",
        "slow-fast: > unknown argument of slow-fast ''",
        "slow-fast:eviction=reduntant > unknown eviction 'reduntant'; did you mean redundant?"
            + " There are oldest, redundant",
        "slow-fast:sink=three > sink in 'slow-fast:sink=three' is 'three'; give a whole number"
            + " such as 3",
        "slow-fast:threshold=high > threshold in 'slow-fast:threshold=high' is 'high'; give a"
            + " number such as 0.95",
        "slow-fast:sink=3,sink=4 > 'slow-fast:sink=3,sink=4' gives sink twice",
        "full:21 > full takes no arguments, but got 'full:21'",
        "sliding-window:0 > a window of 0 frames has no room beside a sink of 0",
        "\"\" > unknown memory policy ''; did you mean full?",
      })
  void aMistakeIsNamedWithTheChoices(String given, String message) {
    assertThatThrownBy(() -> MemoryPolicies.parse(given))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void aMemoryThatPlansNothingIsNoPolicy() {
    assertThat(MemoryPolicies.policy("longlive")).isEqualTo(MemoryPolicies.LONGLIVE);
    assertThatThrownBy(() -> MemoryPolicies.policy("context-forcing-released:slow=9"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("'context-forcing-released:slow=9' decides in every pass and layer")
        .hasMessageContaining("give context-forcing,");
    assertThatThrownBy(() -> MemoryPolicies.policy("rolling-forcing"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("'rolling-forcing' serves several chunks")
        .hasMessageContaining("give self-forcing,");
  }

  @Test
  void onlySlowFastComparesKeys() {
    assertThat(MemoryPolicies.CONTEXT_FORCING.comparesKeys()).isTrue();
    assertThat(MemoryPolicies.LONGLIVE.comparesKeys()).isFalse();
    assertThat(MemoryPolicies.SELF_FORCING.comparesKeys()).isFalse();
    assertThat(new FullMemory().comparesKeys()).isFalse();
  }

  @Test
  void capacityCountsTheChunk() {
    assertThat(MemoryPolicies.CONTEXT_FORCING.capacity()).isEqualTo(21);
    assertThat(MemoryPolicies.LONGLIVE.capacity()).isEqualTo(12);
    assertThat(MemoryPolicies.INFINITY_ROPE.capacity()).isEqualTo(6);
    assertThat(new FullMemory().capacity()).isEqualTo(Integer.MAX_VALUE);
  }
}
