package dev.longtake.recipes;

import dev.longtake.checkpoint.Safetensors;
import dev.longtake.nn.Weights;
import dev.longtake.optim.FlatParameters;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.text.Umt5Encoder;
import dev.longtake.train.CausalObjective;
import dev.longtake.train.Objective;
import dev.longtake.train.Team;
import dev.longtake.train.TrainingException;
import dev.longtake.train.TrainingLoop;
import dev.longtake.wan.WanTransformer;
import java.util.Map;

/**
 * Second stage of a run from nothing: the transformer with its text encoder, on encoded videos of
 * the world. Leaves transformer.safetensors and text_encoder.safetensors.
 *
 * @param run what is trained
 * @param place where; its output folder has the first stage's files
 * @param stage its checkpoints
 */
record TrainCausal(TrainingRun run, Workplace place, Stage stage) {
  private static final String TRANSFORMER = CausalOrigin.TRANSFORMER;
  private static final String TEXT = CausalOrigin.TEXT;

  /**
   * How far the stage came.
   *
   * @param steps how many the weights were trained in all; with 0 nothing is left
   * @param reached whether they are as far as this run is to bring them
   */
  record Outcome(long steps, boolean reached) {}

  /** Takes the steps that are left; without any, nothing is filmed. */
  Outcome carryOut() {
    var training = run.causal().training();
    var config = configWithStatistics();
    try (var parameters =
            run.causal()
                .origin()
                .weights(
                    config,
                    place.output().resolve(VideoModel.TOKENIZER),
                    training.seed(),
                    place.first());
        var loop = new TrainingLoop(training, parameters)) {
      var store = stage.resumed(loop);
      samples(config).during(loop);
      if (stage.goesOn(loop)) {
        var watcher = place.watcher();
        watcher.said("filming and encoding " + run.footage().videos() + " worlds");
        try (var team =
            Team.of(parameters, place.others(), (own, rank) -> member(own, rank, config))) {
          watcher.said(
              "transformer: " + training.steps() + " steps, " + parameters.count() + " weights");
          stage.steps(parameters, loop, team, store);
        }
      }
      boolean reached = stage.reached(loop);
      if (loop.step() > 0) {
        leave(parameters, loop);
      }
      return new Outcome(loop.step(), reached);
    }
  }

  private void leave(FlatParameters parameters, TrainingLoop loop) {
    try (var scope = Scope.open()) {
      Map.of(VideoModel.TRANSFORMER, TRANSFORMER + ".", VideoModel.TEXT_ENCODER, TEXT + ".")
          .forEach(
              (file, prefix) ->
                  Safetensors.write(
                      place.output().resolve(file),
                      TrainedWeights.averaged(parameters, loop, prefix),
                      Map.of()));
    }
  }

  private SampleVideos samples(ModelConfig config) {
    var trained =
        Map.of(VideoModel.TRANSFORMER, TRANSFORMER + ".", VideoModel.TEXT_ENCODER, TEXT + ".");
    return new SampleVideos(
        place.output(),
        place.output(),
        config,
        trained,
        run.causal().samples(),
        place.first(),
        dtype());
  }

  private Dtype dtype() {
    return place.dtype(run.dtype());
  }

  /** What the run file says, with the latents' statistics that the first stage left. */
  private ModelConfig configWithStatistics() {
    var there = ModelConfig.read(place.output());
    var asked = run.model();
    boolean same =
        there.video().equals(asked.video())
            && there.transformer().equals(asked.transformer())
            && there.textEncoder().equals(asked.textEncoder())
            && VaeOrigin.unmeasured(there.vae()).equals(VaeOrigin.unmeasured(asked.vae()));
    if (!same) {
      throw new TrainingException(
          place.output().resolve(ModelConfig.FILE)
              + " is of a model of other sizes than the run file's; give another output folder");
    }
    var config = asked.withVae(there.vae());
    if (!config.equals(there)) {
      config.write(place.output());
    }
    return config;
  }

  private record Networks(WanTransformer transformer, Umt5Encoder text) {
    static Networks of(Weights weights, ModelConfig config) {
      return new Networks(
          WanTransformer.of(weights.at(TRANSFORMER), config.transformer()),
          Umt5Encoder.of(weights.at(TEXT), config.textEncoder()));
    }
  }

  private record Member(Weights weights, Films films, Objective objective) implements Team.Member {
    @Override
    public void close() {
      weights.close();
      films.close();
    }
  }

  private Member member(FlatParameters own, int rank, ModelConfig config) {
    var films =
        Films.of(
            run.footage(), place.output(), config, rank, dtype(), own.values().device(), place);
    var weights = Weights.from(own);
    var networks = Networks.of(weights, config);
    var curriculum = run.causal().curriculum();
    return new Member(
        weights,
        films,
        run.causal()
            .activations()
            .of(
                passage ->
                    new CausalObjective(
                        networks.transformer.through(passage),
                        networks.text,
                        step -> films.batch(curriculum, step, rank),
                        run.causal().objective(),
                        dtype())));
  }
}
