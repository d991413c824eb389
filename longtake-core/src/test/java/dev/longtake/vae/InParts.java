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
   * Decodes latents in random parts of up to three frames.
   *
   * @param whole the same latents' pictures, decoded at once
   * @param rounding most relative error
   */
  static void decodesAsWhole(
      PictureDecoder decoder, Tensor latents, Tensor whole, double rounding) {
    long frames = latents.size(2);
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
