package dev.longtake.train;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.wan.WanTransformer;
import java.util.List;

/**
 * Guidance distillation: the flow is to be what classifier-free guidance makes of a teacher's two,
 * {@code u + s·(c − u)}, so that a student makes in one pass what takes the teacher two. Meng et
 * al., On Distillation of Guided Diffusion Models, arXiv 2210.03142, section 3.1, with one scale in
 * place of a range of them. The teacher is given what the student is given: c with the captions, u
 * with zeros in their place.
 *
 * @param teacher frozen
 * @param scale s; 1 is no guidance, c itself
 */
public record Guide(WanTransformer teacher, double scale) implements FlowTarget {

  /** Checks the scale. */
  public Guide {
    if (!(scale >= 1)) {
      throw new IllegalArgumentException("guidance must be at least 1, not " + scale);
    }
  }

  @Override
  public Tensor of(
      NoisyPass pass,
      @Axes("B L E") Tensor states,
      @Axes("B C F Y X") Tensor clean,
      @Axes("B C F Y X") Tensor noise) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      if (scale == 1) {
        return scope.keep(pass.flow(teacher, teacher.read(states)).to(Dtype.FLOAT32));
      }
      long size = states.size(0);
      var both = teacher.read(Tensor.cat(List.of(states, states.times(0)), 0));
      var flows = pass.repeated(2).flow(teacher, both).to(Dtype.FLOAT32);
      var c = flows.narrow(0, 0, size);
      var u = flows.narrow(0, size, size);
      return scope.keep(u.plus(c.minus(u).times(scale)));
    }
  }
}
