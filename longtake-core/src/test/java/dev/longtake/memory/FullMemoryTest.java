package dev.longtake.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class FullMemoryTest extends MemoryPolicyContract {

  @Override
  Subject draw(Random random) {
    return new Subject(new FullMemory(), 0, Integer.MAX_VALUE, 6, Positions.ABSOLUTE);
  }

  @Test
  void goesOnPastThePublishedTableOfPositions() {
    var steps = Steps.run(new FullMemory(), 350, Views.scenes(frame -> 0));
    var last = steps.getLast();
    assertThat(last.plan().chunkPositions()).containsExactly(1047, 1048, 1049);
    assertThat(last.after().slots()).hasSize(1050);
  }
}
