package dev.longtake.recipes;

import dev.longtake.checkpoint.Safetensors;
import dev.longtake.nn.Weights;
import dev.longtake.optim.FlatParameters;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.Team;
import dev.longtake.train.TrainingLoop;
import dev.longtake.train.VaeObjective;
import dev.longtake.vae.VaeConfig;
import dev.longtake.vae.WanVae;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * First stage of a run from nothing: the autoencoder on clips of the world. Leaves vae.safetensors,
 * and, last of all, config.json with the latents' statistics.
 *
 * @param run what is trained
 * @param place where
 * @param stage its checkpoints
 */
record TrainVae(TrainingRun run, Workplace place, Stage stage) {
  private static final int MEASURED_VIDEOS = 32;
  private static final int MEASURED_FRAMES = 60;
  private static final int MEASURED_TOGETHER = 16;

  /**
   * Whether it is finished: config.json is its last file, but a trial leaves it too.
   *
   * @param taken whether the autoencoder is a finished model's
   */
  boolean isDone(boolean taken) {
    long wanted = taken ? 0 : Math.min(place.ending().until(), run.vae().training().steps());
    return Files.exists(place.output().resolve(ModelConfig.FILE))
        && stage.store().newestStep().orElse(wanted) >= wanted;
  }

  /**
   * Takes the steps that are left.
   *
   * @return whether an autoencoder was left; not if the time was up before
   */
  boolean carryOut() {
    var training = run.vae().training();
    var config = VaeOrigin.unmeasured(run.model().vae());
    place.watcher().said("autoencoder: " + training.steps() + " steps on " + place.names());
    try (var parameters =
            TrainedWeights.drawn(
                training.seed(), place.first(), w -> WanVae.of(config, w).close());
        var loop = new TrainingLoop(training, parameters)) {
      var store = stage.resumed(loop);
      if (stage.goesOn(loop)) {
        try (var team =
            Team.of(parameters, place.others(), (own, rank) -> member(config, own, rank))) {
          stage.steps(parameters, loop, team, store);
        }
      }
      if (!stage.reached(loop)) {
        return false;
      }
      try (var scope = Scope.open()) {
        Safetensors.write(
            place.output().resolve(VideoModel.VAE),
            TrainedWeights.averaged(parameters, loop, ""),
            Map.of());
      }
    }
    leave(measured(config));
    return true;
  }

  private ClipsMember member(VaeConfig config, FlatParameters own, int rank) {
    var dtype = place.dtype(run.dtype());
    double divergence = run.vae().divergenceWeight();
    return ClipsMember.of(
        config,
        Weights.from(own),
        new WorldClips(run.vae(), run.model().video(), own.values().device(), rank, place),
        (vae, clips) ->
            run.vae()
                .activations()
                .of(passage -> new VaeObjective(vae.through(passage), clips, dtype, divergence)));
  }

  /** Ends the stage: config.json is its last file. */
  void leave(VaeConfig config) {
    run.model().withVae(config).write(place.output());
  }

  /** With the mean and deviation of each latent channel, over the first training worlds. */
  private VaeConfig measured(VaeConfig config) {
    var all = run.footage();
    var few =
        new TrainingRun.FootageStage(
            Math.min(MEASURED_VIDEOS, all.videos()),
            Math.min(MEASURED_FRAMES, all.latentFrames()),
            Math.min(MEASURED_TOGETHER, all.together()),
            all.memories(),
            0);
    try (var scope = Scope.open();
        var footage =
            WorldFootage.film(
                few,
                place.output(),
                run.model().withVae(config),
                new WorldFootage.Share(0, 1),
                WorldFootage.What.WHOLE,
                place.dtype(run.dtype()),
                place.first(),
                place)) {
      var latents = footage.latents().to(Dtype.FLOAT32);
      var mean = latents.mean(0, 1, 3, 4);
      var deviation = latents.minus(mean).square().mean(0, 1, 3, 4).sqrt();
      return config.withStatistics(numbers(mean), numbers(deviation));
    }
  }

  private static List<Double> numbers(Tensor tensor) {
    float[] values = tensor.toFloats();
    return IntStream.range(0, values.length).mapToObj(i -> (double) values[i]).toList();
  }
}
