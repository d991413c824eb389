package dev.longtake.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.tensor.Dtype;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whoever wrote a file is told of keys and values, and never of Java. */
class MisreadTest {
  private static final String WHOLE =
      "{'count': 3, 'scale': 0.5, 'deep': true, 'kind': 'two_words', 'type': 'bfloat16',"
          + " 'names': ['a'], 'inner': {'size': 2}}";

  enum Kind {
    ONE,
    TWO_WORDS
  }

  record Inner(int size) {
    Inner {
      if (size < 1) {
        throw new IllegalArgumentException("size must be at least 1, not " + size);
      }
    }
  }

  record Sheet(
      int count,
      double scale,
      boolean deep,
      Kind kind,
      Dtype type,
      List<String> names,
      Inner inner) {}

  @Test
  void aWholeFileIsRead() {
    assertThat(read(WHOLE).kind()).isEqualTo(Kind.TWO_WORDS);
  }

  @Test
  void aValueOfTheWrongKindIsToldWithItsKeyAndWhatIsWanted() {
    refused("3", "'many'", "count is 'many'; give a whole number");
    refused("3", "3.5", "count is 3.5; give a whole number");
    refused("3", "true", "count is true; give a whole number");
    refused("3", "[1]", "count is a list; give a whole number");
    refused("3", "null", "count is null; give a whole number");
    refused("3", "3000000000", "count is 3000000000; give a whole number nearer to 0");
    refused("0.5", "'half'", "scale is 'half'; give a number");
    refused("true", "'maybe'", "deep is 'maybe'; give true or false");
    refused("['a']", "'a'", "names is 'a'; give a list");
    refused("['a']", "[{}]", "names.0 is keys and values; give text");
    refused("{'size': 2}", "7", "inner is 7; give keys and values for size");
    refused("{'size': 2}", "{'size': 'x'}", "inner.size is 'x'; give a whole number");
  }

  @Test
  void choicesAreListedAsAFileHasThemAndNumbersAreNone() {
    refused("'two_words'", "'three'", "kind is 'three'; give one or two_words");
    refused("'two_words'", "1", "kind is 1; give one or two_words");
    refused("'two_words'", "'1'", "kind is '1'; give one or two_words");
    refused("'bfloat16'", "'foo'", "type is 'foo'; give float64 or float32 or bfloat16 or float16");
  }

  @Test
  void whatARecordSaysOfItsValuesIsTold() {
    refused("{'size': 2}", "{'size': 0}", "inner: size must be at least 1, not 0");
  }

  @Test
  void keysThatAreUnknownMissingOrThereTwiceAreNamed() {
    refused("'count'", "'cuont': 1, 'count'", "cuont is no key here; there are ");
    refused("'count': 3, ", "", "count is missing");
    refused("'count'", "'count': 1, 'count'", "key 'count' is there twice; leave one");
  }

  @Test
  void whatIsNoJsonIsToldWithItsPlace() {
    refused(WHOLE, "", "it is empty");
    refused(WHOLE, "null", "it is empty");
    refused("]", "", "line 1, column ");
    refused("}}", "}", "it ends in the middle");
    refused("'count'", "count", "line 1, column 2: ");
    refused(WHOLE, "[]", "it is a list; give keys and values for count, scale, ");
  }

  private static Sheet read(String json) {
    return JsonRecord.parse("sheet.json", json.replace('\'', '"'), Sheet.class, "a sheet");
  }

  private static void refused(String part, String instead, String told) {
    assertThatThrownBy(() -> read(WHOLE.replace(part, instead)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageStartingWith("sheet.json: is not a sheet: ")
        .hasMessageContaining(told)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1))
        .satisfies(
            e ->
                assertThat(e.getMessage())
                    .doesNotContain("dev.longtake", "Json", "REDACTED", "`", "Coercion"));
  }
}
