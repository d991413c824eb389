package dev.longtake.teacher;

import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;

/** Past errors of one kind at one noise level, on the processor. Owns them. */
final class ErrorBank implements AutoCloseable {
  private final List<Tensor> errors = new ArrayList<>();
  private long inserted;

  List<Tensor> errors() {
    return Collections.unmodifiableList(errors);
  }

  /** How many were ever put in. */
  long inserted() {
    return inserted;
  }

  /**
   * Puts one in, sharing its memory; if the bank is full, another gives way.
   *
   * @param capacity at least 1
   */
  void insert(Tensor error, int capacity, Replacement replacement, SplittableRandom dice) {
    var own = Scope.escape(error.detach());
    if (errors.size() < capacity) {
      errors.add(own);
    } else {
      int oldest = (int) (inserted % capacity);
      errors.set(replacement.choose(errors, own, oldest, dice), own).close();
    }
    inserted++;
  }

  /** Takes over saved errors; what was there before goes. */
  void restore(List<Tensor> saved, long savedInserted) {
    close();
    saved.forEach(error -> errors.add(Scope.escape(error.detach())));
    inserted = savedInserted;
  }

  @Override
  public void close() {
    errors.forEach(Tensor::close);
    errors.clear();
    inserted = 0;
  }
}
