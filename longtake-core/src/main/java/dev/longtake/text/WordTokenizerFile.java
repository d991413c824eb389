package dev.longtake.text;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.text.Normalizer;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A tokenizer of whole words, for a model that knows one small world, as a Hugging Face {@code
 * tokenizer.json} that {@link Tokenizer} and other tools read.
 *
 * <p>Ids: {@code <pad>} 0, {@code </s>} 1, {@code <unk>} 2, then the words from 3 on in their
 * order. Letter case does not matter, and every punctuation mark is a word.
 *
 * @param words the vocabulary without the three special tokens, each as {@link #split} leaves it,
 *     none twice; a trained model depends on the order, so new words go to the end
 */
public record WordTokenizerFile(List<String> words) {
  private static final List<String> SPECIAL = List.of("<pad>", "</s>", "<unk>");

  /** A punctuation mark (the tokenizers count all of ASCII's symbols among them), or a word. */
  private static final Pattern PIECE =
      Pattern.compile(
          "[\\p{Punct}\\p{IsPunctuation}]" + "|[^\\p{Punct}\\p{IsPunctuation}\\p{IsWhite_Space}]+");

  public WordTokenizerFile {
    words = List.copyOf(words);
    var seen = new HashSet<String>();
    for (var word : words) {
      if (!split(word).equals(List.of(word))) {
        throw new IllegalArgumentException(
            "\"" + word + "\" is not one lower-case word: prompts would give " + split(word));
      }
      if (!seen.add(word)) {
        throw new IllegalArgumentException("\"" + word + "\" is in the vocabulary twice");
      }
    }
  }

  /** The words of these texts in alphabetical order. */
  public static WordTokenizerFile of(Collection<String> texts) {
    var words = new TreeSet<String>();
    texts.forEach(text -> words.addAll(split(text)));
    return new WordTokenizerFile(List.copyOf(words));
  }

  /** A text's words and punctuation marks in lower case, as the tokenizer will split it. */
  public static List<String> split(String text) {
    var plain = new StringBuilder();
    Normalizer.normalize(text, Normalizer.Form.NFC)
        .codePoints()
        // Each by itself, as the tokenizers do it: a whole word would end in another sigma.
        .forEach(c -> plain.append(Character.toString(c).toLowerCase(Locale.ROOT)));
    return PIECE.matcher(plain).results().map(MatchResult::group).toList();
  }

  /** How many ids there are, special ones included: the encoder's vocabulary. */
  public int size() {
    return SPECIAL.size() + words.size();
  }

  /**
   * Writes the file; readers see one that was there or the new one, whole.
   *
   * @throws UncheckedIOException if that fails; what was there stays
   */
  public void write(Path file) {
    var mapper = new ObjectMapper();
    var part =
        file.resolveSibling(file.getFileName() + "." + ProcessHandle.current().pid() + ".part");
    try {
      try {
        Files.writeString(
            part, mapper.writerWithDefaultPrettyPrinter().writeValueAsString(json(mapper)) + "\n");
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write tokenizer " + file, e);
    }
  }

  private ObjectNode json(ObjectMapper mapper) {
    var root = mapper.createObjectNode().put("version", "1.0");
    root.putNull("truncation").putNull("padding");
    var added = root.putArray("added_tokens");
    for (int id = 0; id < SPECIAL.size(); id++) {
      var token = added.addObject().put("id", id).put("content", SPECIAL.get(id));
      token.put("single_word", false).put("lstrip", false).put("rstrip", false);
      token.put("normalized", false).put("special", true);
    }

    var normalizers = root.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
    normalizers.addObject().put("type", "NFC");
    normalizers.addObject().put("type", "Lowercase");
    normalizers.addObject().put("type", "Strip").put("strip_left", true).put("strip_right", true);

    var splits = root.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
    splits.addObject().put("type", "WhitespaceSplit");
    splits.addObject().put("type", "Punctuation").put("behavior", "Isolated");

    putEnding(root.putObject("post_processor"));
    root.putNull("decoder");

    var model = root.putObject("model").put("type", "WordLevel");
    var vocab = model.putObject("vocab");
    int id = 0;
    for (var word : Stream.concat(SPECIAL.stream(), words.stream()).toList()) {
      vocab.put(word, id++);
    }
    model.put("unk_token", SPECIAL.get(2));
    return root;
  }

  /** The template "prompt, then end". */
  private static void putEnding(ObjectNode template) {
    var end = SPECIAL.get((int) TokenIds.END);
    template.put("type", "TemplateProcessing");
    for (var name : List.of("single", "pair")) {
      var parts = template.putArray(name);
      for (var text : name.equals("pair") ? List.of("A", "B") : List.of("A")) {
        parts.addObject().putObject("Sequence").put("id", text).put("type_id", 0);
        parts.addObject().putObject("SpecialToken").put("id", end).put("type_id", 0);
      }
    }
    var special = template.putObject("special_tokens").putObject(end).put("id", end);
    special.putArray("ids").add(TokenIds.END);
    special.putArray("tokens").add(end);
  }
}
