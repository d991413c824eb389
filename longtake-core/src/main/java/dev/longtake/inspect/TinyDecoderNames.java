package dev.longtake.inspect;

import dev.longtake.inspect.Recognised.Kind;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Tiny autoencoders for previews: encoder and decoder are plain numbered sequences of convolutions,
 * blocks with a memory of the frame before ({@code conv.0}, {@code conv.2}, {@code conv.4}) and
 * changes of frame rate ({@code conv}).
 */
final class TinyDecoderNames {
  private static final Pattern NAME =
      Pattern.compile("(encoder|decoder)\\.\\d+(\\.conv(\\.[024])?|\\.skip)?\\.(weight|bias)");

  private TinyDecoderNames() {}

  static Optional<Recognised> in(List<TensorInfo> tensors) {
    if (!tensors.stream().allMatch(tensor -> NAME.matcher(tensor.name()).matches())) {
      return Optional.empty();
    }
    // Position 0 of the decoder only limits its input.
    return tensors.stream()
        .filter(tensor -> tensor.name().equals("decoder.1.weight") && tensor.shape().size() == 4)
        .findFirst()
        .map(
            first -> {
              Map<String, Long> sizes = new LinkedHashMap<>();
              sizes.put("width", first.shape().get(0));
              sizes.put("latent channels", first.shape().get(1));
              return new Recognised(Kind.TINY_DECODER, "", sizes, List.of());
            });
  }
}
