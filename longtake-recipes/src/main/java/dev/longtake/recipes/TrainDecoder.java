package dev.longtake.recipes;

import dev.longtake.checkpoint.Safetensors;
import dev.longtake.nn.Weights;
import dev.longtake.optim.FlatParameters;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.DecoderObjective;
import dev.longtake.train.Team;
import dev.longtake.train.TrainingLoop;
import dev.longtake.vae.VaeConfig;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Last stage of a run from nothing: the autoencoder's decoder again, on whole pictures, with
 * everything else fixed. Leaves vae.safetensors with it.
 *
 * @param run what is trained
 * @param place where; its output folder has the earlier stages' files
 * @param stage its checkpoints
 */
record TrainDecoder(TrainingRun run, Workplace place, Stage stage) {

  /** Takes the steps that are left. */
  void carryOut() {
    var training = run.decoder().training();
    var config = ModelConfig.read(place.output()).vae();
    var path = place.output().resolve(VideoModel.VAE);
    place.watcher().said("decoder: " + training.steps() + " steps on " + place.names());
    try (var scope = Scope.open()) {
      Map<String, Tensor> all = new LinkedHashMap<>();
      Map<String, String> facts;
      try (var file = Safetensors.open(path)) {
        facts = file.metadata();
        file.names().forEach(name -> all.put(name, file.read(name)));
        Map<String, Tensor> trained = new LinkedHashMap<>(all);
        trained.keySet().removeIf(name -> !ofDecoder(name));
        try (var parameters = FlatParameters.copyOf(trained, place.first());
            var loop = new TrainingLoop(training, parameters)) {
          var store = stage.resumed(loop);
          if (stage.goesOn(loop)) {
            try (var team =
                Team.of(
                    parameters, place.others(), (own, rank) -> member(config, file, own, rank))) {
              stage.steps(parameters, loop, team, store);
            }
          }
          stage.reached(loop);
          TrainedWeights.averaged(parameters, loop, "")
              .forEach((name, now) -> all.put(name, now.copy()));
        }
      }
      Safetensors.write(path, all, facts);
    }
  }

  private static boolean ofDecoder(String name) {
    return name.startsWith("decoder.") || name.startsWith("conv2.");
  }

  private ClipsMember member(VaeConfig config, Safetensors file, FlatParameters own, int rank) {
    var on = own.values().device();
    var dtype = place.dtype(run.dtype());
    return ClipsMember.of(
        config,
        Weights.from(new PartlyTrained(own, file, on)),
        new WorldClips(run.decoder(), run.model().video(), on, rank, place),
        (vae, clips) ->
            run.decoder()
                .activations()
                .of(passage -> new DecoderObjective(vae.through(passage), clips, dtype)));
  }
}
