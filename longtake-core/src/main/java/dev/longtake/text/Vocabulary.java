package dev.longtake.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** What a tokenizer's tokens are; its file says so. */
public enum Vocabulary {
  /**
   * Whole words of one small world ({@link WordTokenizerFile}). A prompt that does not fit was
   * never seen in training and is refused; unknown words are {@code <unk>}.
   */
  WORDS,

  /**
   * Pieces of words and single bytes, for any text in any script (SentencePiece, as UMT5's). The
   * published models were trained on captions cut to their length, so prompts are cut too.
   */
  SUBWORDS;

  /** What the {@code tokenizer.json} declares under {@code model.type}. */
  static Vocabulary of(Path tokenizerJson) {
    try (var json = new JsonFactory().createParser(tokenizerJson.toFile())) {
      json.nextToken();
      boolean inModel = false;
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        var name = json.currentName();
        json.nextToken();
        if (inModel && name.equals("type")) {
          return json.getText().equals("WordLevel") ? WORDS : SUBWORDS;
        }
        if (name.equals("model")) {
          inModel = true; // its keys come next
        } else {
          json.skipChildren();
        }
      }
      return SUBWORDS;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read tokenizer " + tokenizerJson, e);
    }
  }
}
