package dev.longtake.text;

import dev.longtake.nn.Weights;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Repeats;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * Prompts in, states out: a tokenizer and an encoder that takes device memory only as long as its
 * {@link TextResidence} says. The states of the last few prompts are kept, so that a prompt that
 * comes back costs nothing.
 *
 * <p>Axes: L tokens, D width of the states. Confined to one thread.
 */
public final class TextStage implements AutoCloseable {
  /** How many prompts' states are worth keeping; UMT5-XXL's take 4 MB each. */
  public static final int KEPT = 16;

  /** Reads the encoder's weights, all of them and no others, onto a device. */
  @FunctionalInterface
  public interface Opening {
    /** An encoder that the caller closes. */
    Loaded open(Device device);
  }

  /**
   * An encoder in memory.
   *
   * @param weights what {@link #close} frees
   */
  public record Loaded(Umt5Encoder encoder, Weights weights) implements AutoCloseable {
    @Override
    public void close() {
      weights.close();
    }
  }

  private final Tokenizer tokenizer;
  private final Opening opening;
  private final TextResidence residence;
  private final Device device;
  private final Dtype dtype;
  private final int kept;
  private final SequencedMap<String, Tensor> states; // by cleaned text, least recently used first
  private final @Nullable Loaded resident;
  private Repeats repeats = Repeats.AS_IT_COMES;

  private TextStage(
      Tokenizer tokenizer,
      Opening opening,
      TextResidence residence,
      Device device,
      Dtype dtype,
      int kept) {
    this.tokenizer = tokenizer;
    this.opening = opening;
    this.residence = residence;
    this.device = device;
    this.dtype = dtype;
    this.kept = kept;
    states = new LinkedHashMap<>(KEPT, 0.75f, true);
    resident = residence == TextResidence.PASSING ? null : opening.open(place());
  }

  /**
   * Opens the encoder at once, unless it is only passing.
   *
   * @param tokenizer stays the caller's to close
   * @param device where the states are wanted
   * @param dtype of arithmetic and states
   * @param kept how many prompts' states to keep, from 0
   */
  public static TextStage open(
      Tokenizer tokenizer,
      Opening opening,
      TextResidence residence,
      Device device,
      Dtype dtype,
      int kept) {
    if (kept < 0) {
      throw new IllegalArgumentException("kept must be at least 0, not " + kept);
    }
    return new TextStage(tokenizer, opening, residence, device, dtype, kept);
  }

  /**
   * From now on the encoder is run by another.
   *
   * @param other lives as long as this reads prompts
   * @throws IllegalStateException if the encoder is not on the device all the time
   */
  public void runBy(Repeats other) {
    if (residence != TextResidence.DEVICE) {
      throw new IllegalStateException(
          "an encoder that is " + residence + " does not stay where it is; open it with DEVICE");
    }
    repeats = other;
  }

  /** Where the encoder is while no prompt is read. */
  public TextResidence residence() {
    return residence;
  }

  /** One prompt's states; see {@link #encode(List)}. */
  public @Axes("1 L D") Tensor encode(String prompt) {
    return encode(List.of(prompt)).getFirst();
  }

  /**
   * What the video transformer reads of each prompt, [1, L, D], zero after its end; on the device,
   * owned by the caller's scope and not to be written to. A passing encoder is read once for all of
   * them.
   *
   * @throws IllegalArgumentException if a prompt is refused by {@link Tokenizer#encode}
   */
  public List<Tensor> encode(List<String> prompts) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var texts = prompts.stream().map(PromptText::clean).toList();
      var found = new LinkedHashMap<String, Tensor>();
      var fresh = new LinkedHashSet<String>();
      for (var text : texts) {
        var known = states.get(text);
        if (known == null) {
          fresh.add(text);
        } else {
          found.put(text, known.detach());
        }
      }
      if (!fresh.isEmpty()) {
        found.putAll(encodeAll(List.copyOf(fresh)));
      }
      var out = new ArrayList<Tensor>();
      for (var text : texts) {
        out.add(scope.keep(Objects.requireNonNull(found.get(text)).detach()));
      }
      return out;
    }
  }

  private Map<String, Tensor> encodeAll(List<String> prompts) {
    var ids = tokenizer.encode(prompts);
    if (resident != null) {
      return encodeAll(prompts, ids, resident.encoder());
    }
    try (var passing = opening.open(place())) {
      return encodeAll(prompts, ids, passing.encoder());
    }
  }

  /** One by one, since attention over a batch would need as much memory again for each. */
  private Map<String, Tensor> encodeAll(List<String> prompts, TokenIds ids, Umt5Encoder encoder) {
    var made = encoder.encodeEach(ids, dtype, repeats);
    var encoded = new LinkedHashMap<String, Tensor>();
    for (int i = 0; i < prompts.size(); i++) {
      var states = made.get(i).to(device);
      keep(prompts.get(i), states);
      encoded.put(prompts.get(i), states);
    }
    return encoded;
  }

  private void keep(String text, Tensor made) {
    states.put(text, Scope.escape(made.detach()));
    if (states.size() > kept) {
      states.pollFirstEntry().getValue().close();
    }
  }

  private Device place() {
    return residence == TextResidence.PROCESSOR ? Device.CPU : device;
  }

  @Override
  public void close() {
    states.values().forEach(Tensor::close);
    states.clear();
    if (resident != null) {
      resident.close();
    }
  }
}
