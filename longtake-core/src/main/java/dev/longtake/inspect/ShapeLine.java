package dev.longtake.inspect;

import dev.longtake.tensor.Dtype;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Tensors that are alike but for one number in their names, as those of a network's blocks are.
 *
 * @param names such as {@code blocks.0-29.self_attn.q.weight}
 * @param dtype of them all
 * @param shape of them all
 * @param tensors how many they are
 */
public record ShapeLine(String names, Dtype dtype, List<Long> shape, int tensors) {
  private static final Pattern NUMBER = Pattern.compile("(?<=\\.)\\d{1,9}(?=\\.)");

  /** Names around the number, and what must be equal. */
  private record Likeness(String before, String after, Dtype dtype, List<Long> shape) {}

  /** A line for every set of like tensors, in the order of each set's first. */
  public static List<ShapeLine> of(List<TensorInfo> tensors) {
    Map<Likeness, TreeSet<Integer>> numbers = new LinkedHashMap<>();
    for (var tensor : tensors) {
      var name = tensor.name();
      var number = NUMBER.matcher(name);
      if (number.find()) {
        var likeness =
            new Likeness(
                name.substring(0, number.start()),
                name.substring(number.end()),
                tensor.dtype(),
                tensor.shape());
        numbers
            .computeIfAbsent(likeness, l -> new TreeSet<>())
            .add(Integer.parseInt(number.group()));
      } else {
        var alone = new Likeness(name, "", tensor.dtype(), tensor.shape());
        numbers.put(alone, new TreeSet<>());
      }
    }
    return numbers.entrySet().stream()
        .map(
            entry -> {
              var like = entry.getKey();
              var found = entry.getValue();
              return new ShapeLine(
                  like.before() + ranges(found) + like.after(),
                  like.dtype(),
                  like.shape(),
                  Math.max(1, found.size()));
            })
        .toList();
  }

  /** Numbers in few characters: 0-3,7. */
  private static String ranges(TreeSet<Integer> numbers) {
    var out = new StringBuilder();
    for (int number : numbers) {
      boolean begins = !numbers.contains(number - 1);
      boolean ends = !numbers.contains(number + 1);
      if (begins) {
        out.append(out.isEmpty() ? "" : ",").append(number);
      }
      if (ends && !begins) {
        out.append('-').append(number);
      }
    }
    return out.toString();
  }
}
