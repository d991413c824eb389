package dev.longtake.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.Test;

class GraphMemoryTest {
  @Test
  void aPoolServesItsOwnStreamAndNoOtherNotEvenTheUsualOne() {
    try (var own = new BytePointer(1);
        var other = new BytePointer(1)) {
      assertThat(GraphMemory.serves(own.address(), own)).isTrue();
      assertThat(GraphMemory.serves(own.address(), other)).isFalse();
      assertThat(GraphMemory.serves(own.address(), null)).isFalse();
    }
  }
}
