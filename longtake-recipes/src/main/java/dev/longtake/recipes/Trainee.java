package dev.longtake.recipes;

import dev.longtake.nn.Weights;
import dev.longtake.optim.FlatParameters;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.Carried;
import dev.longtake.train.Objective;
import dev.longtake.wan.WanConfig;
import dev.longtake.wan.WanTransformer;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.UnaryOperator;

/** What of a given transformer is trained: all of its weights, or a low-rank change of some. */
sealed interface Trainee permits WholeTransformer, AdaptedTransformer {
  /**
   * A given transformer.
   *
   * @param file its weights
   * @param config its sizes
   * @param prefix what the names of trained numbers begin with
   * @param seed of a fresh adapter
   */
  static Trainee of(AdapterKeys adapter, Path file, WanConfig config, String prefix, long seed) {
    return adapter.wanted()
        ? new AdaptedTransformer(adapter.config(), file, config, prefix, seed)
        : new WholeTransformer(file, config, prefix);
  }

  /** The numbers that training begins with, by name, on the processor; the caller's scope's. */
  Map<String, Tensor> first();

  /**
   * The transformer that trained numbers make.
   *
   * @param trained these numbers or a copy of them on another device, perhaps among others
   */
  Network over(FlatParameters trained);

  /**
   * All weights of the transformer under its own names, owned by the caller's scope.
   *
   * @param trained numbers such as {@link #first} gives, under their names without the prefix
   */
  Map<String, Tensor> whole(Map<String, Tensor> trained);

  /**
   * Leaves what of the trained numbers is worth having beside the whole transformer.
   *
   * @param trained as for {@link #whole}
   */
  void leave(Map<String, Tensor> trained, Path output);

  /** Bytes on a device of what is there beside the trained numbers, see {@link StagePlan}. */
  long besideBytes();

  /** What a run that trains this carries along, with what it carries anyway. */
  Carried carrying(Carried other);

  /**
   * A transformer in training.
   *
   * @param weights that it took
   * @param adapting what an objective over its weights is over the trained numbers
   * @param end of what is there beside the weights
   */
  record Network(
      WanTransformer model, Weights weights, UnaryOperator<Objective> adapting, Runnable end)
      implements AutoCloseable {
    @Override
    public void close() {
      weights.close();
      end.run();
    }
  }
}
