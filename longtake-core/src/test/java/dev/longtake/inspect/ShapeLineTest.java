package dev.longtake.inspect;

import static dev.longtake.inspect.Networks.tensor;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Like tensors share a line. */
class ShapeLineTest {

  @Test
  void blocksThatAreAlikeAreOneLine() {
    var lines = ShapeLine.of(Networks.transformer(1536, 8960, 30, 16));

    assertThat(lines)
        .filteredOn(line -> line.names().equals("blocks.0-29.self_attn.q.weight"))
        .singleElement()
        .satisfies(
            line -> {
              assertThat(line.shape()).containsExactly(1536L, 1536L);
              assertThat(line.tensors()).isEqualTo(30);
            });
    assertThat(lines.stream().mapToInt(ShapeLine::tensors).sum()).isEqualTo(825);
    assertThat(lines).hasSizeLessThan(45);
  }

  @Test
  void blocksThatDifferAreKeptApart() {
    var lines =
        ShapeLine.of(
            List.of(
                tensor("b.0.w", 2),
                tensor("b.1.w", 3),
                tensor("b.2.w", 2),
                tensor("b.3.w", 2),
                tensor("b.9.w", 2),
                tensor("alone", 2)));

    assertThat(lines).extracting(ShapeLine::names).containsExactly("b.0,2-3,9.w", "b.1.w", "alone");
  }
}
