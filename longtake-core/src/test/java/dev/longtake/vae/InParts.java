package dev.longtake.vae;

import static dev.longtake.testkit.TensorAssert.relativeError;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.Seeds;
import java.util.ArrayList;
import java.util.List;

/** What every decoder owes: the order in which latents come does not show. */
final class InParts {
  private InParts() {}

  /**
   * Decodes 7 frames of 3 by 2 latents at once, and in random parts of up to three frames.
   *
   * @param latents [B, z, 7, 3, 2]
   * @param rounding most relative error
   */
  static void decodesAsWhole(PictureDecoder decoder, Tensor latents, double rounding) {
    long frames = latents.size(2);
    var whole = decoder.decode(latents);
    assertThat(whole.shape()).containsExactly(latents.size(0), 3, 25, 24, 16);
    Seeds.times(
        4,
        random -> {
          try (var state = DecodeState.start()) {
            List<Tensor> parts = new ArrayList<>();
            while (state.latentFrames() < frames) {
              long at = state.latentFrames();
              long length = 1 + random.nextLong(Math.min(3, frames - at));
              parts.add(decoder.decode(latents.narrow(2, at, length), state));
            }
            assertThat(relativeError(Tensor.cat(parts, 2), whole)).isLessThan(rounding);
          }
        });
  }
}
