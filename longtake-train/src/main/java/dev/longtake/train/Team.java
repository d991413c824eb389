package dev.longtake.train;

import dev.longtake.optim.FlatParameters;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import java.util.ArrayList;
import java.util.List;

/**
 * The devices that share each step of a run, each with the whole model and batches of its own. The
 * mean of their gradients is what one device would compute on all batches together.
 *
 * <p>The first member works on the loop's own weights and on the loop's thread; every other has a
 * copy of the weights on its device, brought up to date at the start of each step, and a thread.
 * Gradients are added in the order of the members, so that a run is repeatable. Nothing of the
 * members is part of a run's state.
 */
public final class Team implements AutoCloseable {

  /** One device's share of every step. */
  public interface Member extends AutoCloseable {
    /** The loss of its batches, over its weights. */
    Objective objective();

    /** Frees what makes batches; weights and their gradients belong to the team. */
    @Override
    void close();
  }

  /** Makes members. */
  @FunctionalInterface
  public interface Recruiter {
    /**
     * A member, made on the thread that it will work on, within a scope: what it keeps escapes.
     *
     * @param weights which it trains, on its device
     * @param rank from 0, for batches unlike the others'
     */
    Member recruit(FlatParameters weights, int rank);
  }

  private final FlatParameters parameters;
  private final Member first;
  private final List<Replica> others;

  private Team(FlatParameters parameters, Member first, List<Replica> others) {
    this.parameters = parameters;
    this.first = first;
    this.others = others;
  }

  /** One device alone. */
  public static Team alone(FlatParameters parameters, Objective objective) {
    return new Team(
        parameters,
        new Member() {
          @Override
          public Objective objective() {
            return objective;
          }

          @Override
          public void close() {}
        },
        List.of());
  }

  /**
   * A member on the device of the parameters and one on each of the other devices, made at the same
   * time.
   *
   * @param parameters trained by the loop; stay the caller's
   * @param others devices of the same kind; naming one twice is allowed
   */
  public static Team of(FlatParameters parameters, List<Device> others, Recruiter recruiter) {
    var replicas = new ArrayList<Replica>();
    try (var scope = Scope.open()) {
      for (int i = 0; i < others.size(); i++) {
        replicas.add(new Replica(parameters.copyOn(others.get(i)), i + 1, recruiter));
      }
      var team = new Team(parameters, recruiter.recruit(parameters, 0), List.copyOf(replicas));
      try {
        replicas.forEach(Replica::await);
        return team;
      } catch (RuntimeException | Error e) {
        team.first.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      replicas.forEach(Replica::close);
      throw e;
    }
  }

  /** With one batch of each member. */
  Objective.Loss backward(long seed, long step) {
    return backward(seed, step, 1);
  }

  /**
   * Sets the parameters' gradients to the mean of all members', each the mean of its batches.
   *
   * @param batches of each member, one after the other, at least 1
   * @return the first member's mean loss without its graph, owned by the caller's scope
   */
  public Objective.Loss backward(long seed, long step, int batches) {
    others.forEach(other -> other.begin(parameters, seed, step, batches));
    var loss = backward(parameters, first.objective(), seed, step, batches, 0);
    for (var other : others) {
      other.await();
      try (var scope = Scope.open()) {
        var theirs = other.weights().gradients().to(parameters.values().device());
        parameters.gradients().plusInPlace(theirs, 1);
      }
    }
    if (!others.isEmpty()) {
      parameters.gradients().timesInPlace(1.0 / (1 + others.size()));
    }
    return loss;
  }

  /** One member's gradient, the mean over its batches, each freed before the next begins. */
  static Objective.Loss backward(
      FlatParameters weights, Objective objective, long seed, long step, int batches, int rank) {
    weights.gradients().fill(0);
    try (var mean = new LossMean()) {
      for (int i = 0; i < batches; i++) {
        long batch = Math.addExact(Math.multiplyExact(step, batches), i);
        try (var scope = Scope.open();
            var rng = random(weights.values().device(), seed, batch, rank)) {
          var loss = objective.at(batch, rng);
          loss.backward().run();
          mean.add(loss);
        }
      }
      if (batches > 1) {
        weights.gradients().timesInPlace(1.0 / batches);
      }
      return mean.mean();
    }
  }

  /** Random numbers of one member's batch. */
  private static Rng random(Device device, long seed, long batch, int rank) {
    return rank == 0 ? Rng.seeded(device, seed, batch) : Rng.seeded(device, seed, batch, rank);
  }

  @Override
  public void close() {
    others.forEach(Replica::close);
    first.close();
  }
}
