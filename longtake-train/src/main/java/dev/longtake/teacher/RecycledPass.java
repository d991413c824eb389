package dev.longtake.teacher;

import dev.longtake.diffusion.FlowSchedule;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.FlowMatching;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * A training pass with errors put back in: what the network is shown and what it should answer
 * (error-recycling fine-tuning of Context Forcing, arXiv 2602.06028). Axes: B samples, C channels,
 * F all frames, T those of the target.
 *
 * @param input context, then the noisy target {@code x_t = (1 − σ)·x' + σ·ε'}
 * @param timesteps of each frame
 * @param velocity {@code v* = ε' − x}: to the clean target, whatever was added to it
 * @param sigma σ
 * @param weight w(t) of the training table
 * @param levels of the banks' grid, one for each sample
 */
record RecycledPass(
    @Axes("B C F Y X") Tensor input,
    @Axes("B F") Tensor timesteps,
    @Axes("B C T Y X") Tensor velocity,
    @Axes("B 1 1 1 1") Tensor sigma,
    @Axes("B 1 1 1 1") Tensor weight,
    List<Integer> levels) {

  /**
   * Puts errors in.
   *
   * @param draws one for each sample
   * @param noise ε, FLOAT32 standard normal of the target's shape
   * @param table the training table
   * @param dice which errors, and how strong
   * @return owned by the caller's scope
   */
  static RecycledPass of(
      ContextBatch batch,
      List<Recycling.Draw> draws,
      Tensor noise,
      ErrorBanks banks,
      Recycling config,
      FlowSchedule table,
      SplittableRandom dice) {
    try (var scope = Scope.open()) {
      var parts = batch.parts();
      var latents = batch.frames().latents();
      var context = latents.narrow(2, 0, parts.context());
      var target = latents.narrow(2, parts.context(), parts.target());
      var device = latents.device();
      var levels =
          draws.stream().map(draw -> banks.level(table.timesteps()[draw.entry()])).toList();

      var dirtyNoise =
          joined(noise, 0, errors(draws, d -> toNoise(d, banks, table, dice)), config, dice);
      var dirtyTarget =
          joined(
              target, 0, errors(draws, d -> toTarget(d, banks, config, table, dice)), config, dice);
      int clean = config.drift().clean(parts);
      int dirty = parts.context() - clean;
      var dirtyContext =
          joined(
              context,
              clean,
              errors(draws, d -> dirty == 0 ? Optional.empty() : toContext(d, banks, dirty, dice)),
              config,
              dice);

      var sigma = perSample(draws, table.sigmas(), device);
      var noisy = FlowMatching.noised(dirtyTarget, dirtyNoise, sigma);
      var timestep = perSample(draws, table.timesteps(), device).reshape(-1, 1);
      return new RecycledPass(
          scope.keep(Tensor.cat(List.of(dirtyContext, noisy), 2)),
          scope.keep(config.contextTimestep().of(timestep, parts.context(), parts.target())),
          scope.keep(dirtyNoise.minus(target)),
          scope.keep(sigma),
          scope.keep(perSample(draws, table.weights(), device)),
          levels);
    }
  }

  private static Optional<Tensor> toNoise(
      Recycling.Draw draw, ErrorBanks banks, FlowSchedule table, SplittableRandom dice) {
    int level = banks.level(table.timesteps()[draw.entry()]);
    return draw.noise() ? banks.pick(ErrorKind.NOISE_END, level, dice) : Optional.empty();
  }

  private static Optional<Tensor> toTarget(
      Recycling.Draw draw,
      ErrorBanks banks,
      Recycling config,
      FlowSchedule table,
      SplittableRandom dice) {
    int level = banks.level(table.timesteps()[draw.entry()]);
    boolean open = !banks.errors(config.bookkeeping().gateOfTarget(), level).isEmpty();
    return draw.target() && open ? banks.pick(ErrorKind.CLEAN_END, level, dice) : Optional.empty();
  }

  /** A run of consecutive frames of any clean-end error, from its beginning again at its end. */
  private static Optional<Tensor> toContext(
      Recycling.Draw draw, ErrorBanks banks, int frames, SplittableRandom dice) {
    if (!draw.context()) {
      return Optional.empty();
    }
    return banks
        .pick(ErrorKind.CLEAN_END, dice)
        .map(
            error -> {
              int there = Math.toIntExact(error.size(1));
              int first = dice.nextInt(Math.max(1, there - frames + 1));
              var run = IntStream.range(first, first + frames).mapToLong(i -> i % there).toArray();
              return error.gatherRows(1, Tensor.of(run, frames));
            });
  }

  private static List<Optional<Tensor>> errors(
      List<Recycling.Draw> draws, Function<Recycling.Draw, Optional<Tensor>> pick) {
    return draws.stream().map(pick).toList();
  }

  /**
   * Errors added to the frames from {@code clean} on. What gets none is the very same bits: a zero
   * added would already change the sign of another.
   */
  private static Tensor joined(
      @Axes("B C F Y X") Tensor base,
      int clean,
      List<Optional<Tensor>> errors,
      Recycling config,
      SplittableRandom dice) {
    if (errors.stream().allMatch(Optional::isEmpty)) {
      return base;
    }
    try (var scope = Scope.open()) {
      long dirty = base.size(2) - clean;
      var samples = new ArrayList<Tensor>();
      for (int i = 0; i < errors.size(); i++) {
        var sample = base.select(0, i); // [C, F, Y, X]
        if (errors.get(i).isPresent()) {
          var error = errors.get(i).get().to(base.device()).to(base.dtype());
          var hit = sample.narrow(1, clean, dirty).plus(error.times(config.factor(dice)));
          sample = clean == 0 ? hit : Tensor.cat(List.of(sample.narrow(1, 0, clean), hit), 1);
        }
        samples.add(sample);
      }
      return scope.keep(Tensor.stack(samples, 0));
    }
  }

  private static Tensor perSample(List<Recycling.Draw> draws, float[] table, Device device) {
    try (var scope = Scope.open()) {
      float[] values = new float[draws.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = table[draws.get(i).entry()];
      }
      return scope.keep(Tensor.of(values, values.length, 1, 1, 1, 1).to(device));
    }
  }

  /**
   * {@code mean over the target (v̂ − v*)² · w(t)}, averaged over samples.
   *
   * @param flow v̂ of the target's frames
   */
  Tensor loss(@Axes("B C T Y X") Tensor flow) {
    try (var scope = Scope.open()) {
      var squared = flow.to(Dtype.FLOAT32).minus(velocity).square();
      return scope.keep(squared.mean(1, 2, 3, 4).times(weight).mean());
    }
  }

  /**
   * Both errors of each sample: noise end {@code (1 − σ)·(v̂ − v*)}, clean end {@code σ·(v* − v̂)}.
   *
   * @param wanted which samples'
   * @param dtype of what is returned
   * @return on the processor; out of every scope, the caller's to close
   */
  List<PassErrors> errors(@Axes("B C T Y X") Tensor flow, List<Integer> wanted, Dtype dtype) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var residual = flow.detach().to(Dtype.FLOAT32).minus(velocity);
      var noiseEnd = residual.times(sigma.negated().plus(1)).to(dtype).to(Device.CPU);
      var cleanEnd = residual.times(sigma.negated()).to(dtype).to(Device.CPU);
      return wanted.stream()
          .map(
              i ->
                  new PassErrors(
                      levels.get(i),
                      Scope.escape(noiseEnd.select(0, i).copy()),
                      Scope.escape(cleanEnd.select(0, i).copy())))
          .toList();
    }
  }
}
