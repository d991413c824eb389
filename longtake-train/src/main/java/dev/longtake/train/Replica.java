package dev.longtake.train;

import dev.longtake.optim.FlatParameters;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** A member of a team with weights and a thread of its own; used from the loop's thread. */
final class Replica implements AutoCloseable {
  private final FlatParameters weights;
  private final int rank;
  private final ExecutorService thread;
  private Future<?> work;
  private Team.@Nullable Member member; // of the replica's thread

  /**
   * Begins to recruit.
   *
   * @param weights closed with this
   */
  Replica(FlatParameters weights, int rank, Team.Recruiter recruiter) {
    this.weights = weights;
    this.rank = rank;
    thread =
        Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("replica-" + rank).factory());
    work = thread.submit(() -> join(recruiter));
  }

  private void join(Team.Recruiter recruiter) {
    try (var scope = Scope.open()) {
      member = recruiter.recruit(weights, rank);
    }
  }

  FlatParameters weights() {
    return weights;
  }

  /** Begins the gradient of a step at the current weights. */
  void begin(FlatParameters current, long seed, long step, int batches) {
    work = thread.submit(() -> backward(current, seed, step, batches));
  }

  private void backward(FlatParameters current, long seed, long step, int batches) {
    if (member == null) {
      throw new IllegalStateException("replica " + rank + " has no member");
    }
    try (var scope = Scope.open()) {
      try (var off = Gradients.off()) {
        weights.values().copyFrom(current.values());
      }
      Team.backward(weights, member.objective(), seed, step, batches, rank);
    }
  }

  /**
   * Waits for what was begun.
   *
   * @throws RuntimeException as it was thrown there; an error too
   */
  void await() {
    try {
      work.get();
    } catch (ExecutionException e) {
      throw Thrown.again(e, "replica " + rank + " failed");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (CancellationException)
          new CancellationException("interrupted while waiting for replica " + rank).initCause(e);
    }
  }

  /** Waits until the thread is idle, then frees everything. */
  @Override
  public void close() {
    thread.execute(
        () -> {
          if (member != null) {
            member.close();
          }
        });
    thread.close();
    weights.close();
  }
}
