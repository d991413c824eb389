package dev.longtake.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class FrameStackTest {

  @Test
  void eachVideoKeepsFramesOfItsOwnAndLaterOnesStandBehind() {
    try (var scope = Scope.open();
        var stack = new FrameStack(4)) {
      stack.append(frames(0, 1, 2, /* the other's */ 10, 11, 12));
      stack.keep(Tensor.of(new long[] {0, 2, /* */ 4, 5}, 2, 2));
      stack.append(frames(3, /* */ 13));
      assertThat(stack.frames().toFloats()).containsExactly(0, 2, 3, 11, 12, 13);
      stack.append(frames(4, 5, /* */ 14, 15)); // more than there was room for
      assertThat(stack.frames().toFloats()).containsExactly(0, 2, 3, 4, 5, 11, 12, 13, 14, 15);
    }
  }

  @Test
  void theMemoryStaysWhereItIsWhileThereIsRoom() {
    try (var scope = Scope.open();
        var stack = new FrameStack(3)) {
      stack.append(frames(0, 1));
      var first = stack.frames();
      stack.keep(Tensor.of(new long[] {1}, 1, 1));
      stack.append(frames(7, 8));
      assertThat(first.toFloats()).containsExactly(1, 7); // a view of the same memory
      stack.clear();
      assertThat(stack.isEmpty()).isTrue();
      assertThatThrownBy(stack::frames).hasMessage("no frame is held");
      stack.append(frames(9));
      assertThat(first.toFloats()).containsExactly(9, 7);
    }
  }

  /** One number a frame: of one video, or of two where there are as many twice. */
  private static Tensor frames(float... values) {
    return values[values.length - 1] >= 10
        ? Tensor.of(values, 2, values.length / 2, 1)
        : Tensor.of(values, 1, values.length, 1);
  }
}
