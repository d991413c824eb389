package dev.longtake.text;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A tokenizer.json laid out as UMT5's is, with few pieces: SentencePiece's unigram model, spaces
 * written as ▁, every byte as a piece of its own, {@code </s>} at the end.
 *
 * <p>Ids: pad 0, end 1, unknown 2, byte b 3 + b, then the pieces in their order.
 */
final class SubwordFile {
  static final int FIRST_BYTE = 3;
  static final int FIRST_PIECE = FIRST_BYTE + 256;

  private final Map<String, Double> pieces = new LinkedHashMap<>();

  /** With one more piece, and the logarithm of its probability. */
  SubwordFile with(String piece, double score) {
    pieces.put(piece, score);
    return this;
  }

  long id(String piece) {
    return FIRST_PIECE + List.copyOf(pieces.keySet()).indexOf(piece);
  }

  void write(Path file) throws IOException {
    var mapper = new ObjectMapper();
    var root = mapper.createObjectNode().put("version", "1.0");
    root.putNull("truncation").putNull("padding");
    var added = root.putArray("added_tokens");
    for (int id = 0; id < FIRST_BYTE; id++) {
      var token = added.addObject().put("id", id).put("content", special(id));
      token.put("single_word", false).put("lstrip", false).put("rstrip", false);
      token.put("normalized", false).put("special", true);
    }
    var normalizers = root.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
    normalizers.addObject().put("type", "NFKC"); // the published file has a table that does this
    normalizers.addObject().put("type", "Strip").put("strip_left", false).put("strip_right", true);
    var runs = normalizers.addObject().put("type", "Replace").put("content", "▁");
    runs.putObject("pattern").put("Regex", " {2,}");
    metaspace(root.putObject("pre_tokenizer")).put("split", true);
    putEnding(root.putObject("post_processor"));
    metaspace(root.putObject("decoder")).put("split", true);
    var model = root.putObject("model").put("type", "Unigram").put("unk_id", 2);
    model.put("byte_fallback", true);
    var vocab = model.putArray("vocab");
    for (int id = 0; id < FIRST_BYTE; id++) {
      vocab.addArray().add(special(id)).add(0.0);
    }
    for (int b = 0; b < 256; b++) {
      vocab.addArray().add(String.format(Locale.ROOT, "<0x%02X>", b)).add(0.0);
    }
    pieces.forEach((piece, score) -> vocab.addArray().add(piece).add(score));
    mapper.writeValue(file.toFile(), root);
  }

  private static ObjectNode metaspace(ObjectNode node) {
    return node.put("type", "Metaspace").put("replacement", "▁").put("prepend_scheme", "always");
  }

  private static void putEnding(ObjectNode template) {
    template.put("type", "TemplateProcessing").putArray("pair");
    var single = template.putArray("single");
    single.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
    single.addObject().putObject("SpecialToken").put("id", "</s>").put("type_id", 0);
    var end = template.putObject("special_tokens").putObject("</s>").put("id", "</s>");
    end.putArray("ids").add(1);
    end.putArray("tokens").add("</s>");
  }

  private static String special(int id) {
    return List.of("<pad>", "</s>", "<unk>").get(id);
  }
}
