package dev.longtake.inspect;

import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.ScaledFloat8;
import dev.longtake.checkpoint.WanNetwork;
import dev.longtake.checkpoint.WanNetwork.Naming;
import dev.longtake.wan.WanConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Which network a set of tensors is, going by their names and shapes.
 *
 * @param kind which
 * @param variant a published size of it, such as {@code 1.3B}; empty for any other
 * @param sizes what the shapes say, by name, in the order to tell them
 * @param notes how the names are written, where that is worth a word
 */
public record Recognised(Kind kind, String variant, Map<String, Long> sizes, List<String> notes) {

  /** The networks that are known. */
  public enum Kind {
    TRANSFORMER("Wan transformer"),
    AUTOENCODER("Wan video autoencoder"),
    TEXT_ENCODER("UMT5 text encoder"),
    TINY_DECODER("tiny video decoder (TAEHV)"),
    LORA("LoRA");

    private final String words;

    Kind(String words) {
      this.words = words;
    }

    static Kind of(WanNetwork network) {
      return switch (network) {
        case TRANSFORMER -> TRANSFORMER;
        case AUTOENCODER -> AUTOENCODER;
        case TEXT_ENCODER -> TEXT_ENCODER;
      };
    }
  }

  /** Copies what it is given, in order. */
  public Recognised {
    sizes = Collections.unmodifiableMap(new LinkedHashMap<>(sizes));
    notes = List.copyOf(notes);
  }

  /** What these tensors are; empty if they are none of the known networks, whole or in part. */
  public static Optional<Recognised> of(List<TensorInfo> tensors) {
    var weights = tensors.stream().filter(t -> !ScaledFloat8.isAid(t.name())).toList();
    if (weights.isEmpty()) {
      return Optional.empty();
    }
    return network(weights)
        .or(() -> TinyDecoderNames.in(weights))
        .or(() -> LowRankNames.in(weights))
        .map(known -> weights.size() == tensors.size() ? known : known.noting("scaled float8"));
  }

  /** All sizes of a transformer that makes video of text alone, if it is a published one. */
  public Optional<WanConfig> transformer() {
    return kind == Kind.TRANSFORMER ? Variants.transformer(variant) : Optional.empty();
  }

  private static Optional<Recognised> network(List<TensorInfo> tensors) {
    Map<String, TensorInfo> plain = new LinkedHashMap<>();
    for (var tensor : tensors) {
      plain.put(KeyMap.unwrapping().name(tensor.name()).orElseThrow(), tensor);
    }
    var named = WanNetwork.of(plain.keySet());
    if (plain.size() < tensors.size() || named.isEmpty()) {
      return Optional.empty();
    }
    var original = named.get().to(Naming.ORIGINAL);
    Map<String, List<Long>> shapes = new HashMap<>();
    plain.forEach((key, tensor) -> shapes.put(original.name(key).orElseThrow(), tensor.shape()));
    var kind = Kind.of(named.get().network());
    var sizes = new Sizes(shapes).of(kind);
    return Optional.of(
        new Recognised(
            kind, Variants.of(kind, sizes), sizes, notes(named.get().naming(), plain, tensors)));
  }

  private static List<String> notes(
      Naming naming, Map<String, TensorInfo> plain, List<TensorInfo> tensors) {
    var notes = new ArrayList<String>();
    if (naming == Naming.DIFFUSERS) {
      notes.add("Diffusers' names");
    }
    if (!tensors.stream().allMatch(tensor -> plain.containsKey(tensor.name()))) {
      notes.add("wrapped by training");
    }
    return notes;
  }

  private Recognised noting(String note) {
    var all = new ArrayList<>(notes);
    all.add(note);
    return new Recognised(kind, variant, sizes, all);
  }

  /** For people, such as {@code Wan transformer 1.3B: width 1536, 30 blocks}. */
  public String words() {
    var told =
        sizes.entrySet().stream()
            .map(size -> size.getKey() + " " + size.getValue())
            .collect(Collectors.joining(", "));
    return kind.words
        + (variant.isEmpty() ? "" : " " + variant)
        + (told.isEmpty() ? "" : ": " + told)
        + (notes.isEmpty() ? "" : "; " + String.join(", ", notes));
  }
}
