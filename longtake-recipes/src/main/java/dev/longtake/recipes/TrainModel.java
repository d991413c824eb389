package dev.longtake.recipes;

import dev.longtake.checkpoint.CheckpointSource;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.Manifest;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.nn.Weights;
import dev.longtake.optim.FlatParameters;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.text.Tokenizer;
import dev.longtake.text.Umt5Encoder;
import dev.longtake.text.WordTokenizerFile;
import dev.longtake.train.CausalObjective;
import dev.longtake.train.CheckpointStore;
import dev.longtake.train.Curriculum;
import dev.longtake.train.DecoderObjective;
import dev.longtake.train.EventFile;
import dev.longtake.train.Objective;
import dev.longtake.train.Progress;
import dev.longtake.train.TrainingConfig;
import dev.longtake.train.TrainingLoop;
import dev.longtake.train.VaeObjective;
import dev.longtake.vae.VaeConfig;
import dev.longtake.vae.WanVae;
import dev.longtake.wan.WanTransformer;
import dev.longtake.world.Caption;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Trains a model on the world from nothing: the autoencoder, then the transformer with its text
 * encoder. Each stage resumes from its last checkpoint; the output folder ends up a model folder of
 * averaged FLOAT32 weights.
 */
public final class TrainModel {
  private static final int KEPT_CHECKPOINTS = 2;
  private static final String TRANSFORMER = "transformer";
  private static final String TEXT = "text_encoder";

  /** Where the finished model is, in the output folder. */
  public static final String MODEL_FOLDER = "model";

  private final TrainingRun run;
  private final Device device;
  private final Dtype dtype;
  private final Path output;
  private final int threads;
  private final Watcher watcher;
  private final Map<String, Double> losses = new TreeMap<>();

  /** Hears how the stages go. */
  public interface Watcher {
    /** A stage begins or reports something that is not a step. */
    void said(String text);

    /** What hears the steps of a stage. */
    Progress stage(String name);
  }

  /**
   * A run.
   *
   * @param output folder of checkpoints, event files and the finished model
   * @param threads that make training data
   */
  public TrainModel(TrainingRun run, Device device, Path output, int threads, Watcher watcher) {
    this.run = run;
    this.device = device;
    this.output = output;
    this.threads = threads;
    this.watcher = watcher;
    dtype = device.kind() == Device.Kind.CPU ? Dtype.FLOAT32 : run.dtype();
  }

  /**
   * Runs every stage that is not finished.
   *
   * @param until stop each stage before this step, for trying a run out
   */
  public void run(long until) {
    try {
      Files.createDirectories(output);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make " + output, e);
    }
    if (!Files.exists(output.resolve(ModelConfig.FILE))) {
      trainVae(until);
    }
    trainCausal(until);
    trainDecoder(until);
    pack();
  }

  /** Leaves the finished model in half precision, with what is known of how it came about. */
  private void pack() {
    var manifest =
        new Manifest(
            Manifest.tree(run),
            run.causal().training().seed(),
            run.causal().training().steps(),
            Revision.here(),
            "procedural world, training seeds 0 to " + (run.footage().videos() - 1),
            losses,
            Manifest.versionsHere(),
            Instant.now());
    PackModel.run(output, output.resolve(MODEL_FOLDER), Dtype.BFLOAT16, manifest);
    watcher.said("the model is in " + output.resolve(MODEL_FOLDER));
  }

  /** First stage: leaves vae.safetensors, and config.json with the latents' statistics. */
  void trainVae(long until) {
    var stage = run.vae();
    var config = run.model().vae();
    watcher.said("autoencoder: " + stage.training().steps() + " steps on " + device);
    try (var drawn = drawn(stage.training().seed());
        var parameters = parameters(drawn, () -> WanVae.of(config, drawn));
        var weights = Weights.from(parameters);
        var clips = new WorldClips(stage, run.model().video(), device, threads);
        var loop = new TrainingLoop(stage.training(), parameters)) {
      var vae = WanVae.of(config, weights);
      var objective = new VaeObjective(vae, clips, dtype, stage.divergenceWeight());
      steps("vae", loop, objective, stage.training(), until);
      write(VideoModel.VAE, averaged(parameters, loop, ""));
    }
    var measured = measure(config);
    var model = run.model();
    new ModelConfig(
            model.name(),
            model.video(),
            model.transformer(),
            measured,
            model.textEncoder(),
            model.sampling(),
            model.memory())
        .write(output);
  }

  /** Mean and deviation of each latent channel, over the first training worlds. */
  private VaeConfig measure(VaeConfig config) {
    var few =
        new TrainingRun.FootageStage(
            Math.min(32, run.footage().videos()),
            Math.min(60, run.footage().latentFrames()),
            Math.min(16, run.footage().together()),
            run.footage().memories());
    try (var scope = Scope.open();
        var vae = trainedVae(config);
        var tokenizer = tokenizer()) {
      var films = new WorldFootage(few, run.model().video());
      try (var footage = films.encode(vae, tokenizer, dtype, device, threads, text -> {})) {
        var latents = footage.latents().to(Dtype.FLOAT32);
        var mean = latents.mean(0, 1, 3, 4);
        var deviation = latents.minus(mean).square().mean(0, 1, 3, 4).sqrt();
        return config.withStatistics(numbers(mean), numbers(deviation));
      }
    }
  }

  /** Second stage: leaves transformer.safetensors and text_encoder.safetensors. */
  void trainCausal(long until) {
    var stage = run.causal();
    var config = ModelConfig.read(output);
    watcher.said("filming and encoding " + run.footage().videos() + " worlds");
    try (var vae = trainedVae(config.vae());
        var tokenizer = tokenizer();
        var footage =
            new WorldFootage(run.footage(), config.video())
                .encode(vae, tokenizer, dtype, device, threads, watcher::said);
        var drawn = drawn(stage.training().seed());
        var parameters = parameters(drawn, () -> new Networks(drawn, config));
        var weights = Weights.from(parameters);
        var loop = new TrainingLoop(stage.training(), parameters)) {
      watcher.said(
          "transformer: "
              + stage.training().steps()
              + " steps, "
              + parameters.count()
              + " weights");
      var networks = new Networks(weights, config);
      var curriculum =
          new Curriculum(
              stage.training().seed(),
              stage.framesPerStep(),
              stage.first(),
              stage.filling(),
              stage.forcing(),
              stage.forcedFrames());
      var objective =
          new CausalObjective(
              networks.transformer,
              networks.text,
              step -> curriculum.batch(footage, step),
              stage.objective(),
              dtype);
      steps("causal", loop, objective, stage.training(), until);
      write(VideoModel.TRANSFORMER, averaged(parameters, loop, TRANSFORMER + "."));
      write(VideoModel.TEXT_ENCODER, averaged(parameters, loop, TEXT + "."));
    }
  }

  /**
   * Last stage: the autoencoder's decoder again, on whole pictures, with everything else fixed;
   * leaves vae.safetensors with it.
   */
  void trainDecoder(long until) {
    var stage = run.decoder();
    var config = ModelConfig.read(output).vae();
    watcher.said("decoder: " + stage.training().steps() + " steps on " + device);
    try (var scope = Scope.open();
        var file = Safetensors.open(output.resolve(VideoModel.VAE))) {
      Map<String, Tensor> all = new LinkedHashMap<>();
      file.names().forEach(name -> all.put(name, file.read(name)));
      Map<String, Tensor> trained = new LinkedHashMap<>(all);
      trained.keySet().removeIf(name -> !name.startsWith("decoder.") && !name.startsWith("conv2."));
      try (var parameters = FlatParameters.copyOf(trained, device);
          var weights = Weights.from(new PartlyTrained(parameters, file, device));
          var clips = new WorldClips(stage, run.model().video(), device, threads);
          var loop = new TrainingLoop(stage.training(), parameters)) {
        var vae = WanVae.of(config, weights);
        steps("decoder", loop, new DecoderObjective(vae, clips, dtype), stage.training(), until);
        all.putAll(averaged(parameters, loop, ""));
        write(VideoModel.VAE, all);
      }
    }
  }

  private static final class Networks {
    final WanTransformer transformer;
    final Umt5Encoder text;

    Networks(Weights weights, ModelConfig config) {
      transformer = WanTransformer.of(weights.at(TRANSFORMER), config.transformer());
      text = Umt5Encoder.of(weights.at(TEXT), config.textEncoder());
    }
  }

  private void steps(
      String name, TrainingLoop loop, Objective objective, TrainingConfig config, long until) {
    var folder = output.resolve(name);
    var store = new CheckpointStore(folder, name, KEPT_CHECKPOINTS);
    if (store.resume(loop)) {
      watcher.said("resumed " + name + " at step " + loop.step() + " of " + config.steps());
    }
    var heard = watcher.stage(name);
    try (var events = EventFile.in(folder.resolve("tensorboard"))) {
      loop.run(
          objective,
          until,
          store,
          (step, steps, values) -> {
            events.scalars(step, values);
            heard.logged(step, steps, values);
            values.forEach((tag, value) -> losses.put(name + "." + tag, value));
          });
    }
  }

  private Weights drawn(long seed) {
    // Drawn on the processor, so that a seed means the same start on every device.
    return Weights.random(Rng.seeded(seed, Device.CPU), Dtype.FLOAT32);
  }

  private FlatParameters parameters(Weights drawn, Runnable build) {
    build.run();
    return FlatParameters.copyOf(drawn.taken(), device);
  }

  private Map<String, Tensor> averaged(
      FlatParameters parameters, TrainingLoop loop, String prefix) {
    Map<String, Tensor> out = new LinkedHashMap<>();
    for (var name : parameters.names()) {
      if (name.startsWith(prefix)) {
        out.put(name.substring(prefix.length()), parameters.view(loop.average().average(), name));
      }
    }
    return out;
  }

  private void write(String file, Map<String, Tensor> tensors) {
    Safetensors.write(output.resolve(file), tensors, Map.of());
  }

  private WanVae trainedVae(VaeConfig config) {
    try (var file = Safetensors.open(output.resolve(VideoModel.VAE))) {
      var source = new CheckpointSource(file, KeyMap.identity(), dtype, device);
      return WanVae.of(config, Weights.from(source));
    }
  }

  private Tokenizer tokenizer() {
    var file = output.resolve(VideoModel.TOKENIZER);
    new WordTokenizerFile(Caption.vocabulary()).write(file);
    return Tokenizer.open(file, run.model().transformer().textLen());
  }

  private static List<Double> numbers(Tensor tensor) {
    float[] values = tensor.toFloats();
    return IntStream.range(0, values.length).mapToObj(i -> (double) values[i]).toList();
  }
}
