package dev.longtake.checkpoint;

import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One of Wan's three networks, and what its tensors are called in Wan's own files and in those of
 * Diffusers. Shapes are the same in both: nothing is fused, split or transposed.
 */
public enum WanNetwork {
  /** The diffusion transformer, also with the extra parts of image-to-video models. */
  TRANSFORMER(WanNames.transformer()),
  /** The video autoencoder. */
  AUTOENCODER(WanNames.autoencoder()),
  /** The text encoder, UMT5. */
  TEXT_ENCODER(WanNames.textEncoder());

  private final WanNames names;

  WanNetwork(WanNames names) {
    this.names = names;
  }

  /** Whose way of naming tensors. */
  public enum Naming {
    /** Wan's own files, and all training checkpoints made from them. */
    ORIGINAL,
    /** Diffusers; for the text encoder, Transformers. */
    DIFFUSERS
  }

  /**
   * A network under one way of naming.
   *
   * @param network which
   * @param naming whose names
   */
  public record Named(WanNetwork network, Naming naming) {

    /** These names as another way has them; empty for a name that is not the network's. */
    public KeyMap to(Naming wanted) {
      return key -> network.names.other(key, naming).map(other -> naming == wanted ? key : other);
    }
  }

  /** Which network these names belong to, if every one of them does. */
  public static Optional<Named> of(Iterable<String> tensors) {
    return candidates().filter(named -> unknown(named, tensors).isEmpty()).findFirst();
  }

  /**
   * Names as another way has them, for one network's file.
   *
   * @throws CheckpointException if the file is not one of these networks alone, naming a tensor
   *     that does not belong
   */
  public static KeyMap naming(TensorFile file, Naming wanted) {
    var named = of(file.names()).orElseThrow(() -> foreign(file));
    return named.to(wanted);
  }

  private static CheckpointException foreign(TensorFile file) {
    var nearest =
        candidates()
            .min(Comparator.comparingLong(named -> strangers(named, file.names())))
            .orElseThrow();
    return new CheckpointException(
        file.description(),
        "tensor "
            + unknown(nearest, file.names()).map(CheckpointException::quoted).orElse("''")
            + " is none of Wan's transformer, autoencoder or text encoder, so that its other name"
            + " is not known; choose the part of the file that holds one network only");
  }

  private static Stream<Named> candidates() {
    return Stream.of(values())
        .flatMap(network -> Stream.of(Naming.values()).map(naming -> new Named(network, naming)));
  }

  private static Optional<String> unknown(Named named, Iterable<String> tensors) {
    for (var name : tensors) {
      if (named.network().names.other(name, named.naming()).isEmpty()) {
        return Optional.of(name);
      }
    }
    return Optional.empty();
  }

  private static long strangers(Named named, Iterable<String> tensors) {
    long count = 0;
    for (var name : tensors) {
      count += named.network().names.other(name, named.naming()).isEmpty() ? 1 : 0;
    }
    return count;
  }
}
