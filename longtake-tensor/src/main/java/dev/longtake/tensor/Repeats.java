package dev.longtake.tensor;

import java.util.List;
import java.util.function.Function;

/** Runs work that comes again and again with other numbers of the same sizes. */
@FunctionalInterface
public interface Repeats {

  /** Runs all work as it comes. */
  Repeats AS_IT_COMES = (use, given, work) -> work.apply(given);

  /**
   * Runs work.
   *
   * @param use what work it is, by {@code equals}: for tensors of the same sizes and types it does
   *     the same
   * @param given all tensors that change from run to run; nothing else that the work reads may move
   * @param work ends in one tensor and has no part in automatic differentiation around it. It may
   *     write to tensors that stay where they are, such as gradients. Where it is recorded it also
   *     keeps to what {@link Graph} says
   * @return owned by the caller's scope
   */
  Tensor run(Object use, List<Tensor> given, Function<List<Tensor>, Tensor> work);

  /** Whether anything is recorded here. */
  default boolean replaying() {
    return false;
  }
}
