package dev.longtake.teacher;

import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.Carried;
import dev.longtake.train.TrainingException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * The error banks of all devices that share a run's steps. During a warm-up every device gets the
 * errors of all, later its own.
 *
 * <p>Errors of a step are put into banks once it is over, in the order of batches and ranks, so the
 * banks do not depend on which device was faster. Safe for one thread per rank.
 */
public final class ErrorExchange implements Carried, AutoCloseable {
  private record Offer(long batch, int from, List<PassErrors> errors) {}

  private final long seed;
  private final long warmup;
  private final int batchesPerStep;
  private final List<ErrorBanks> banks;
  private final List<List<Offer>> waiting; // by the rank that gets them

  /**
   * Empty banks.
   *
   * @param seed of what gives way
   * @param warmup last step whose errors all devices get, from 0; −1 for none
   * @param devices how many share a step, at least 1
   * @param batchesPerStep of each device, at least 1
   * @param shape of an error, [C, F, Y, X] of a target
   */
  public ErrorExchange(
      ErrorBanks.Config config,
      long seed,
      long warmup,
      int devices,
      int batchesPerStep,
      long... shape) {
    if (devices < 1 || batchesPerStep < 1) {
      throw new IllegalArgumentException(
          "devices and batches must be at least 1, not " + devices + " and " + batchesPerStep);
    }
    this.seed = seed;
    this.warmup = warmup;
    this.batchesPerStep = batchesPerStep;
    banks = IntStream.range(0, devices).mapToObj(rank -> new ErrorBanks(config, shape)).toList();
    waiting = IntStream.range(0, devices).<List<Offer>>mapToObj(rank -> new ArrayList<>()).toList();
  }

  /** Whether the errors of a batch go to all devices. */
  public boolean warmingUp(long batch) {
    return batch / batchesPerStep <= warmup;
  }

  /**
   * A rank's banks with the errors of all steps before that of a batch.
   *
   * @param batch which, from 0, counted over the steps
   */
  public synchronized ErrorBanks before(long batch, int rank) {
    settle(rank, batch / batchesPerStep);
    return banks.get(rank);
  }

  /**
   * Takes the errors of a batch; their tensors must outlive the step and become the exchange's.
   *
   * @param from rank of the device that made them
   */
  public synchronized void offer(long batch, int from, List<PassErrors> errors) {
    for (int rank = 0; rank < banks.size(); rank++) {
      if (rank == from || warmingUp(batch)) {
        waiting.get(rank).add(new Offer(batch, from, errors.stream().map(this::shared).toList()));
      }
    }
    errors.forEach(ErrorExchange::close);
  }

  private PassErrors shared(PassErrors errors) {
    try (var scope = Scope.open()) {
      return new PassErrors(
          errors.level(),
          Scope.escape(errors.noiseEnd().detach()),
          Scope.escape(errors.cleanEnd().detach()));
    }
  }

  private void settle(int rank, long step) {
    var due =
        waiting.get(rank).stream()
            .filter(offer -> offer.batch() / batchesPerStep < step)
            .sorted(Comparator.comparingLong(Offer::batch).thenComparingInt(Offer::from))
            .toList();
    for (var offer : due) {
      var dice = new SplittableRandom(Rng.mix(seed, offer.batch(), offer.from(), rank));
      for (var errors : offer.errors()) {
        try (var scope = Scope.open()) {
          banks.get(rank).insert(errors, dice);
        }
        close(errors);
      }
    }
    waiting.get(rank).removeAll(due);
  }

  private static void close(PassErrors errors) {
    errors.noiseEnd().close();
    errors.cleanEnd().close();
  }

  @Override
  public synchronized Map<String, Tensor> tensors() {
    Map<String, Tensor> all = new LinkedHashMap<>();
    for (int rank = 0; rank < banks.size(); rank++) {
      settle(rank, Long.MAX_VALUE);
      banks.get(rank).save(prefix(rank), all);
    }
    return all;
  }

  @Override
  public synchronized void restore(Map<String, Tensor> saved) {
    long devices = saved.keySet().stream().filter(name -> name.endsWith(".inserted")).count();
    if (devices != banks.size()) {
      throw new TrainingException(
          "the checkpoint holds the errors of "
              + devices
              + " devices, this run has "
              + banks.size()
              + "; go on with as many, or give another output folder");
    }
    for (int rank = 0; rank < banks.size(); rank++) {
      banks.get(rank).restore(prefix(rank), saved);
    }
  }

  private static String prefix(int rank) {
    return "errors." + rank + ".";
  }

  @Override
  public synchronized void close() {
    waiting.forEach(
        offers -> {
          offers.forEach(offer -> offer.errors().forEach(ErrorExchange::close));
          offers.clear();
        });
    banks.forEach(ErrorBanks::close);
  }
}
