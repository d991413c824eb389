package dev.longtake.teacher;

import dev.longtake.diffusion.FlowSchedule;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.TrainingException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The errors that one device of a run made lately: a bank for each kind and each noise level of the
 * sampler. They lie on the processor.
 *
 * <p>What is inserted and picked is a function of the calls and their dice. Used by one thread at a
 * time.
 */
public final class ErrorBanks implements AutoCloseable {

  /**
   * How many errors, and which.
   *
   * @param levels noise levels of the grid, at least 1; 50 as the sampler has
   * @param shift warp of the grid, above 0
   * @param perLevel most errors of a kind at a level, at least 1
   * @param megabytes most memory of all errors of a device, in MiB, at least 1; the cap per level
   *     becomes smaller where they would take more
   * @param replacement which error gives way in a full bank
   * @param dtype type in which they are stored, a real one
   */
  public record Config(
      int levels,
      double shift,
      int perLevel,
      long megabytes,
      Replacement replacement,
      Dtype dtype) {

    /** Checks the ranges. */
    public Config {
      if (levels < 1 || !(shift > 0) || perLevel < 1 || megabytes < 1 || !dtype.isFloat()) {
        throw new IllegalArgumentException(
            "banks need levels, per_level and megabytes of at least 1, a shift above 0 and a real"
                + " dtype, not "
                + levels
                + ", "
                + perLevel
                + ", "
                + megabytes
                + ", "
                + shift
                + " and "
                + dtype);
      }
    }

    /**
     * How many errors of a kind a level holds.
     *
     * @param numbers how many numbers an error is
     * @throws IllegalArgumentException if the memory does not do for one
     */
    public int capacity(long numbers) {
      long round = Math.multiplyExact(2L * levels * dtype.bytes(), numbers); // one in every bank
      long most = Math.min(perLevel, (megabytes << 20) / round);
      if (most < 1) {
        throw new IllegalArgumentException(
            "megabytes is "
                + megabytes
                + ", one error in each of 2 x "
                + levels
                + " banks needs "
                + ((round - 1 >> 20) + 1));
      }
      return (int) most;
    }
  }

  private final Config config;
  private final long[] shape;
  private final int capacity;
  private final FlowSchedule grid;
  private final Map<ErrorKind, List<ErrorBank>> banks = new EnumMap<>(ErrorKind.class);

  /**
   * Empty banks.
   *
   * @param shape of an error, [C, F, Y, X] of a target
   * @throws IllegalArgumentException if the memory does not do for one error in every bank
   */
  public ErrorBanks(Config config, long... shape) {
    this.config = config;
    this.shape = shape.clone();
    capacity = config.capacity(Arrays.stream(shape).reduce(1, Math::multiplyExact));
    grid = FlowSchedule.of(config.levels(), config.shift());
    for (var kind : ErrorKind.values()) {
      banks.put(kind, Stream.generate(ErrorBank::new).limit(config.levels()).toList());
    }
  }

  /** The level nearest to a timestep, 0 for pure noise. */
  public int level(double timestep) {
    return grid.nearest(timestep);
  }

  /** What one bank holds, owned by it. */
  public List<Tensor> errors(ErrorKind kind, int level) {
    return bank(kind, level).errors();
  }

  /** Any error of a kind at a level; empty if there is none. */
  public Optional<Tensor> pick(ErrorKind kind, int level, SplittableRandom dice) {
    return any(errors(kind, level), dice);
  }

  /** Any error of a kind, whatever its level; empty if there is none. */
  public Optional<Tensor> pick(ErrorKind kind, SplittableRandom dice) {
    var all =
        IntStream.range(0, config.levels())
            .mapToObj(level -> errors(kind, level))
            .flatMap(List::stream)
            .toList();
    return any(all, dice);
  }

  private static Optional<Tensor> any(List<Tensor> errors, SplittableRandom dice) {
    return errors.isEmpty()
        ? Optional.empty()
        : Optional.of(errors.get(dice.nextInt(errors.size())));
  }

  /**
   * Puts in both errors of a pass, sharing their memory.
   *
   * @param errors on the processor in the type of the banks
   */
  public void insert(PassErrors errors, SplittableRandom dice) {
    for (var kind : ErrorKind.values()) {
      var error = errors.of(kind);
      if (!fits(error)) {
        throw new IllegalArgumentException(
            error + " is no " + config.dtype() + " error of shape " + Arrays.toString(shape));
      }
      bank(kind, errors.level()).insert(error, capacity, config.replacement(), dice);
    }
  }

  private boolean fits(Tensor error) {
    return error.dtype() == config.dtype() && Arrays.equals(error.shape(), shape);
  }

  /** Adds every error by name, and the counts of what was ever inserted. */
  void save(String prefix, Map<String, Tensor> into) {
    var counts = new ArrayList<Long>();
    banks.forEach(
        (kind, levels) -> {
          for (int level = 0; level < levels.size(); level++) {
            var errors = levels.get(level).errors();
            for (int i = 0; i < errors.size(); i++) {
              into.put(name(prefix, kind, level, i), errors.get(i));
            }
            counts.add(levels.get(level).inserted());
          }
        });
    into.put(
        prefix + "inserted",
        Tensor.of(counts.stream().mapToLong(Long::longValue).toArray(), counts.size()));
  }

  /** Goes on from what was saved under a prefix. */
  void restore(String prefix, Map<String, Tensor> saved) {
    var counted = saved.get(prefix + "inserted");
    if (counted == null || counted.count() != 2L * config.levels()) {
      throw new TrainingException(
          "the checkpoint holds errors at other noise levels than the "
              + config.levels()
              + " of banks.levels; give another output folder");
    }
    saved.forEach(
        (name, error) -> {
          if (name.startsWith(prefix) && error != counted && !fits(error)) {
            throw new TrainingException(
                "the checkpoint holds errors such as "
                    + error
                    + ", this run has "
                    + config.dtype()
                    + " of shape "
                    + Arrays.toString(shape)
                    + "; give another output folder");
          }
        });
    long[] counts = counted.toLongs();
    int bank = 0;
    for (var kind : ErrorKind.values()) {
      for (int level = 0; level < config.levels(); level++) {
        var errors = new ArrayList<Tensor>();
        for (var next = saved.get(name(prefix, kind, level, 0));
            next != null;
            next = saved.get(name(prefix, kind, level, errors.size()))) {
          errors.add(next);
        }
        if (errors.size() > capacity) {
          throw new TrainingException(
              "the checkpoint holds "
                  + errors.size()
                  + " errors at a level, banks.per_level and megabytes leave room for "
                  + capacity
                  + "; give as much as before, or another output folder");
        }
        bank(kind, level).restore(errors, counts[bank++]);
      }
    }
  }

  private static String name(String prefix, ErrorKind kind, int level, int index) {
    return String.format(
        Locale.ROOT, "%s%s.%02d.%05d", prefix, kind.name().toLowerCase(Locale.ROOT), level, index);
  }

  private ErrorBank bank(ErrorKind kind, int level) {
    return Objects.requireNonNull(banks.get(kind)).get(level);
  }

  @Override
  public void close() {
    banks.values().forEach(levels -> levels.forEach(ErrorBank::close));
  }
}
