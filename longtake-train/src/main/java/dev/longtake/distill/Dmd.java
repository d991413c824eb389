package dev.longtake.distill;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;

/**
 * Distribution matching as pure functions: gradient and losses of eqs. 4 and 6 of Context Forcing.
 * Axes as of latents.
 */
public final class Dmd {
  /** Below this a normaliser counts as 0. */
  private static final double NOTHING = 1e-12;

  private Dmd() {}

  /**
   * Classifier-free guidance: {@code u + scale·(c − u)}. The released code writes {@code c + s·(c −
   * u)}, whose scale is 1 + s: its 3 is a 4 here, its 5 a 6.
   *
   * @param conditional c, flow or clean latents under the prompt
   * @param unconditional u, the same without it
   * @param scale 1 is no guidance
   */
  public static Tensor guided(Tensor conditional, Tensor unconditional, double scale) {
    try (var scope = Scope.open()) {
      return scope.keep(unconditional.plus(conditional.minus(unconditional).times(scale)));
    }
  }

  /** The clean latents that a flow tells of: {@code x₀ = x_t − σ·v}. */
  public static Tensor clean(
      @Axes("B C F Y X") Tensor noisy, Tensor flow, @Axes("B 1 1 1 1") Tensor sigma) {
    try (var scope = Scope.open()) {
      return scope.keep(noisy.minus(flow.times(sigma)));
    }
  }

  /**
   * The direction in which the generator's latents are wrong: {@code (f − r) / mean|x − r|}, the
   * mean over all axes but the batch. A sample that equals r has no direction: 0.
   *
   * @param x the generator's latents
   * @param fake f, what the critic makes of their noisy copy
   * @param real r, what the guided teacher makes of it
   */
  public static @Axes("B C F Y X") Tensor gradient(Tensor x, Tensor fake, Tensor real) {
    try (var scope = Scope.open()) {
      var off = x.minus(real).abs().mean(1, 2, 3, 4);
      return scope.keep(fake.minus(real).times(orZero(off, off.square().rsqrt())));
    }
  }

  /**
   * A number whose gradient by x is {@code gradient / count}: {@code ½·mean((x − sg(x −
   * gradient))²)}, in FLOAT64, where the difference keeps its digits.
   */
  public static Tensor surrogate(Tensor x, Tensor gradient) {
    try (var scope = Scope.open()) {
      var here = x.to(Dtype.FLOAT64);
      var there = here.detach().minus(gradient.detach().to(Dtype.FLOAT64));
      return scope.keep(here.minus(there).square().mean().times(0.5));
    }
  }

  /**
   * What the difference between critic and teacher is worth: {@code (mean|c − v|² − mean|f − v|²) /
   * mean|f − c|²}, v = ε − x, all means over everything. Expected are 1 for the best critic, which
   * is the mean flow of such copies; more for one that is only on its way there from the teacher;
   * and −1 for a teacher with noise of its own. At e a step along {@code c − f} should be {@code (1
   * + e) / 2} as long to be a step along the best critic's difference, on average.
   *
   * @param fake f, the critic's flow of noisy copies of x
   * @param conditional c, the teacher's under the same prompts, without guidance
   * @param x the generator's latents
   * @param noise ε
   * @return one number; 0 of networks that agree
   */
  public static Tensor efficiency(
      @Axes("B C F Y X") Tensor fake, Tensor conditional, Tensor x, Tensor noise) {
    try (var scope = Scope.open()) {
      var truth = noise.minus(x);
      var gain = conditional.minus(truth).square().mean().minus(fake.minus(truth).square().mean());
      var difference = fake.minus(conditional).square().mean();
      return scope.keep(orZero(difference, gain.dividedBy(difference)));
    }
  }

  /** 0 in place of what was divided by nothing. Only a true 0 is nothing: NaN must show. */
  private static Tensor orZero(Tensor divisor, Tensor divided) {
    return divided.times(0).fill(0).where(divisor.lessThan(NOTHING), divided);
  }

  /**
   * The critic's denoising loss: {@code mean w·(v − (ε − x))²}.
   *
   * @param flow v
   * @param x the generator's latents
   * @param noise ε
   * @param weight w of each sample
   */
  public static Tensor critic(
      Tensor flow, Tensor x, Tensor noise, @Axes("B 1 1 1 1") Tensor weight) {
    try (var scope = Scope.open()) {
      var error = flow.to(Dtype.FLOAT32).minus(noise.minus(x)).square();
      return scope.keep(error.times(weight).mean());
    }
  }
}
