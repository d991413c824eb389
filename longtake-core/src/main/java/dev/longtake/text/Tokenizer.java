package dev.longtake.text;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.longtake.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * Turns prompts into token ids by a Hugging Face {@code tokenizer.json}.
 *
 * <p>A prompt is cleaned first ({@link PromptText#clean}). What happens to one that does not fit
 * depends on the {@link Vocabulary}, which the file decides. May be used from several threads.
 */
public final class Tokenizer implements AutoCloseable {
  private static final String UNKNOWN = "<unk>";

  private final HuggingFaceTokenizer natives;
  private final Vocabulary vocabulary;
  private final int maxLength;

  private Tokenizer(HuggingFaceTokenizer natives, Vocabulary vocabulary, int maxLength) {
    this.natives = natives;
    this.vocabulary = vocabulary;
    this.maxLength = maxLength;
  }

  /**
   * Reads a tokenizer. The first one unpacks and loads the native library.
   *
   * @param tokenizerJson the file
   * @param maxLength tokens that the model reads of a prompt, its end included, > 0
   * @throws UncheckedIOException if the file cannot be read
   * @throws IllegalArgumentException if it is no tokenizer, or does not end prompts with id 1
   */
  public static Tokenizer open(Path tokenizerJson, int maxLength) {
    if (maxLength < 1) {
      throw new IllegalArgumentException("maxLength must be at least 1, not " + maxLength);
    }
    keepOffTheNetwork();
    var natives = read(tokenizerJson);
    long[] end = natives.encode("").getIds();
    if (end.length != 1 || end[0] != TokenIds.END) {
      natives.close();
      throw new IllegalArgumentException(
          tokenizerJson
              + " makes "
              + Arrays.toString(end)
              + " of an empty prompt, not ["
              + TokenIds.END
              + "]: it is not of the T5 family");
    }
    return new Tokenizer(natives, Vocabulary.of(tokenizerJson), maxLength);
  }

  /** What its tokens are. */
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  /** Tokens that the model reads of a prompt, its end included. */
  public int maxLength() {
    return maxLength;
  }

  /**
   * Ids and mask of prompts, [prompts, {@link #maxLength}], on the processor and owned by the
   * current scope. An empty prompt is its end alone, which is how guidance says "no prompt".
   *
   * @throws IllegalArgumentException if a prompt of whole words has more tokens than the model
   *     reads; one of subwords is cut to {@link #maxLength}, its end included, as in training
   */
  public TokenIds encode(List<String> prompts) {
    long[] ids = new long[prompts.size() * maxLength];
    long[] mask = new long[ids.length];
    Arrays.fill(ids, TokenIds.PADDING);
    for (int i = 0; i < prompts.size(); i++) {
      long[] prompt = fitting(prompts.get(i));
      System.arraycopy(prompt, 0, ids, i * maxLength, prompt.length);
      Arrays.fill(mask, i * maxLength, i * maxLength + prompt.length, 1);
    }
    return new TokenIds(
        Tensor.of(ids, prompts.size(), maxLength), Tensor.of(mask, prompts.size(), maxLength));
  }

  /**
   * Refuses what nobody means to ask for, in words for whoever wrote the prompt.
   *
   * @throws IllegalArgumentException if the prompt is empty, or would be refused by {@link #encode}
   */
  public void check(String prompt) {
    if (PromptText.clean(prompt).isEmpty()) {
      throw new IllegalArgumentException("prompt is empty: say what the video shows");
    }
    fitting(prompt);
  }

  /** How many tokens of a prompt, from its last one back, the model does not get to read. */
  public int unread(String prompt) {
    return Math.max(0, natives.encode(PromptText.clean(prompt)).getIds().length - maxLength);
  }

  /** The words of a prompt that the model does not know, as written, each once; no punctuation. */
  public List<String> unknown(String prompt) {
    var text = PromptText.clean(prompt);
    var encoding = natives.encode(text);
    var tokens = encoding.getTokens();
    var spans = encoding.getCharTokenSpans();
    var words = new LinkedHashSet<String>();
    for (int i = 0; i < tokens.length; i++) {
      if (tokens[i].equals(UNKNOWN)) {
        int from = text.offsetByCodePoints(0, spans[i].getStart());
        int to = text.offsetByCodePoints(0, spans[i].getEnd());
        words.add(text.substring(from, to));
      }
    }
    words.removeIf(word -> word.codePoints().noneMatch(Character::isLetterOrDigit));
    return List.copyOf(words);
  }

  /** Frees the native tokenizer. */
  @Override
  public void close() {
    natives.close();
  }

  private long[] fitting(String prompt) {
    Encoding encoding = natives.encode(PromptText.clean(prompt));
    long[] ids = encoding.getIds();
    if (ids.length > maxLength && vocabulary == Vocabulary.SUBWORDS) {
      long[] cut = Arrays.copyOf(ids, maxLength);
      cut[maxLength - 1] = TokenIds.END;
      return cut;
    }
    if (ids.length > maxLength) {
      throw new IllegalArgumentException(
          "prompt has "
              + ids.length
              + " tokens, the model reads at most "
              + maxLength
              + ": shorten it");
    }
    return ids;
  }

  private static HuggingFaceTokenizer read(Path file) {
    // Lengths are ours to decide, whatever the file says about cutting and padding.
    var settings = Map.of("truncation", "do_not_truncate", "padding", "do_not_pad");
    try (var in = Files.newInputStream(file)) {
      return HuggingFaceTokenizer.newInstance(in, settings);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read tokenizer " + file, e);
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(
          file + " is not a tokenizer.json that can be read: " + e.getMessage(), e);
    }
  }

  /**
   * DJL reports its use to a server, and on a machine with a GPU downloads another build of its
   * library; neither helps anyone here. Whoever has set these properties keeps their choice.
   */
  private static void keepOffTheNetwork() {
    for (var entry : Map.of("OPT_OUT_TRACKING", "true", "RUST_FLAVOR", "cpu").entrySet()) {
      if (System.getenv(entry.getKey()) == null && System.getProperty(entry.getKey()) == null) {
        System.setProperty(entry.getKey(), entry.getValue());
      }
    }
  }
}
