package dev.longtake.recipes;

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
import dev.longtake.text.Umt5Encoder;
import dev.longtake.text.WordTokenizerFile;
import dev.longtake.train.CausalObjective;
import dev.longtake.train.CheckpointStore;
import dev.longtake.train.DecoderObjective;
import dev.longtake.train.Footage;
import dev.longtake.train.Objective;
import dev.longtake.train.Team;
import dev.longtake.train.TrainingException;
import dev.longtake.train.TrainingLoop;
import dev.longtake.train.VaeObjective;
import dev.longtake.vae.VaeConfig;
import dev.longtake.vae.WanVae;
import dev.longtake.wan.WanTransformer;
import dev.longtake.world.Caption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Trains a model on the world from nothing: the autoencoder, then the transformer with its text
 * encoder, then the autoencoder's decoder once more. Each stage resumes from its last checkpoint
 * and leaves averaged FLOAT32 weights in the output folder; the packed model is in a folder inside
 * it.
 */
public final class TrainModel {
  private static final int MEASURED_VIDEOS = 32;
  private static final int MEASURED_FRAMES = 60;
  private static final int MEASURED_TOGETHER = 16;
  private static final String TRANSFORMER = "transformer";
  private static final String TEXT = "text_encoder";

  /** Where the finished model is, in the output folder. */
  public static final String MODEL_FOLDER = "model";

  private final TrainingRun run;
  private final Workplace place;
  private final VaeOrigin origin;
  private final Device device; // the first of all
  private final List<Device> others;
  private final Dtype dtype;
  private final Path output;
  private final int threads;
  private final long until;
  private final RunWatcher watcher;
  private final Map<String, Double> losses = new TreeMap<>();
  private final Stage vaeStage;
  private final Stage causalStage;
  private final Stage decoderStage;
  private boolean advanced; // whether there is something new to pack

  /**
   * A run.
   *
   * @throws IllegalArgumentException if the text encoder has no room for the words of the captions
   */
  TrainModel(TrainingRun run, Workplace place) {
    int words = new WordTokenizerFile(Caption.vocabulary()).size();
    int room = run.model().textEncoder().vocab();
    if (room < words) {
      throw new IllegalArgumentException(
          "model.text_encoder.vocab is " + room + ", the captions need at least " + words);
    }
    this.run = run;
    this.place = place;
    origin = new VaeOrigin(run.vaeFrom());
    device = place.first();
    others = place.others();
    output = place.output();
    threads = place.threadsEach();
    until = place.until();
    watcher = place.watcher();
    dtype = place.dtype(run.dtype());
    vaeStage = new Stage("vae", run.vae().training(), place, losses);
    causalStage = new Stage("causal", run.causal().training(), place, losses);
    decoderStage = new Stage("decoder", run.decoder().training(), place, losses);
  }

  /**
   * Runs every stage that is not finished.
   *
   * @throws TrainingException if training diverges, or the folder holds another run's files
   */
  public void run() {
    place.makeOutput();
    if (!hasVae()) {
      for (var later : List.of(causalStage, decoderStage)) {
        if (!later.store().files().isEmpty()) {
          throw new TrainingException(
              output.resolve(later.name())
                  + " was trained on an autoencoder that is not finished; delete that folder or"
                  + " give another output folder");
        }
      }
      writeTokenizer();
      checkPrompts();
      if (origin.taken()) {
        watcher.said("autoencoder: taken from " + run.vaeFrom() + ", not trained");
        leave(origin.take(run.model().vae(), output));
      } else {
        trainVae();
      }
    }
    origin.requireOf(output);
    long steps = trainCausal();
    trainDecoder();
    if (advanced || !Files.exists(output.resolve(MODEL_FOLDER).resolve(Manifest.FILE_NAME))) {
      pack(steps);
    }
    watcher.said("the model is in " + output.resolve(MODEL_FOLDER));
  }

  /**
   * Whether the first stage is finished: config.json is its last file, but a trial leaves it too.
   */
  private boolean hasVae() {
    long wanted = origin.taken() ? 0 : Math.min(until, run.vae().training().steps());
    return Files.exists(output.resolve(ModelConfig.FILE))
        && vaeStage.store().newestStep().orElse(wanted) >= wanted;
  }

  /** Leaves the finished model in half precision, with what is known of how it came about. */
  private void pack(long steps) {
    var manifest =
        new Manifest(
            Manifest.tree(run),
            run.causal().training().seed(),
            steps,
            Revision.here(),
            origin.told("procedural world, training seeds 0 to " + (run.footage().videos() - 1)),
            losses,
            Manifest.versionsHere(),
            Instant.now());
    PackModel.run(output, output.resolve(MODEL_FOLDER), Dtype.BFLOAT16, manifest);
  }

  /** First stage: leaves vae.safetensors, and config.json with the latents' statistics. */
  void trainVae() {
    var stage = run.vae();
    var config = VaeOrigin.unmeasured(run.model().vae());
    watcher.said("autoencoder: " + stage.training().steps() + " steps on " + devices());
    try (var parameters =
            drawn(stage.training().seed(), device, w -> WanVae.of(config, w).close());
        var team =
            Team.of(
                parameters,
                others,
                (own, rank) ->
                    ClipsMember.of(
                        config,
                        Weights.from(own),
                        clips(stage, own, rank),
                        (vae, clips) ->
                            stage
                                .activations()
                                .of(
                                    passage ->
                                        new VaeObjective(
                                            vae.through(passage),
                                            clips,
                                            dtype,
                                            stage.divergenceWeight()))));
        var loop = new TrainingLoop(stage.training(), parameters)) {
      var store = vaeStage.resumed(loop);
      steps(vaeStage, parameters, loop, team, store);
      try (var scope = Scope.open()) {
        write(VideoModel.VAE, averaged(parameters, loop, ""));
      }
    }
    leave(measured(config));
  }

  private void writeTokenizer() {
    new WordTokenizerFile(Caption.vocabulary()).write(output.resolve(VideoModel.TOKENIZER));
  }

  /** Ends the first stage: config.json is its last file. */
  private void leave(VaeConfig config) {
    run.model().withVae(config).write(output);
  }

  private String devices() {
    return Stream.concat(Stream.of(device), others.stream())
        .map(Device::toString)
        .collect(Collectors.joining(", "));
  }

  private WorldClips clips(TrainingRun.VaeStage stage, FlatParameters own, int rank) {
    return new WorldClips(stage, run.model().video(), own.values().device(), rank, threads);
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
            film(few, config, device, new WorldFootage.Share(0, 1), WorldFootage.What.WHOLE)) {
      var latents = footage.latents().to(Dtype.FLOAT32);
      var mean = latents.mean(0, 1, 3, 4);
      var deviation = latents.minus(mean).square().mean(0, 1, 3, 4).sqrt();
      return config.withStatistics(numbers(mean), numbers(deviation));
    }
  }

  /**
   * Second stage: leaves transformer.safetensors and text_encoder.safetensors.
   *
   * @return how many steps they were trained
   */
  long trainCausal() {
    var stage = run.causal();
    var config = configWithStatistics();
    try (var parameters = drawn(stage.training().seed(), device, w -> Networks.of(w, config));
        var loop = new TrainingLoop(stage.training(), parameters)) {
      var store = causalStage.resumed(loop);
      sample(loop, stage.samples());
      if (loop.step() < Math.min(until, stage.training().steps())) {
        watcher.said("filming and encoding " + run.footage().videos() + " worlds");
        try (var team =
            Team.of(parameters, others, (own, rank) -> causalMember(own, rank, config))) {
          watcher.said(
              "transformer: "
                  + stage.training().steps()
                  + " steps, "
                  + parameters.count()
                  + " weights");
          steps(causalStage, parameters, loop, team, store);
        }
      }
      try (var scope = Scope.open()) {
        write(VideoModel.TRANSFORMER, averaged(parameters, loop, TRANSFORMER + "."));
        write(VideoModel.TEXT_ENCODER, averaged(parameters, loop, TEXT + "."));
      }
      return loop.step();
    }
  }

  private void sample(TrainingLoop loop, TrainingRun.SampleStage samples) {
    var trained =
        Map.of(VideoModel.TRANSFORMER, TRANSFORMER + ".", VideoModel.TEXT_ENCODER, TEXT + ".");
    new SampleVideos(output, output, configWithStatistics(), trained, samples, device, dtype)
        .during(loop);
  }

  private void checkPrompts() {
    SampleVideos.check(run.causal().samples(), output, run.model());
  }

  /** Films and encodes a device's share of the worlds. */
  private CausalMember causalMember(FlatParameters own, int rank, ModelConfig config) {
    var on = own.values().device();
    var share = new WorldFootage.Share(rank, 1 + others.size());
    var whole = film(run.footage(), config.vae(), on, share, WorldFootage.What.WHOLE);
    var openings =
        run.footage().openings() == 0
            ? whole
            : film(run.footage(), config.vae(), on, share, WorldFootage.What.OPENINGS);
    var weights = Weights.from(own);
    var networks = Networks.of(weights, config);
    var curriculum = run.causal().curriculum();
    var objective =
        run.causal()
            .activations()
            .of(
                passage ->
                    new CausalObjective(
                        networks.transformer.through(passage),
                        networks.text,
                        step -> curriculum.batch(whole, openings, step, rank),
                        run.causal().objective(),
                        dtype));
    return new CausalMember(weights, whole, openings, objective);
  }

  private record CausalMember(Weights weights, Footage whole, Footage openings, Objective objective)
      implements Team.Member {
    @Override
    public void close() {
      weights.close();
      whole.close();
      if (openings != whole) {
        openings.close();
      }
    }
  }

  /** What the run file says, with the latents' statistics that the first stage left. */
  private ModelConfig configWithStatistics() {
    var there = ModelConfig.read(output);
    var asked = run.model();
    boolean same =
        there.video().equals(asked.video())
            && there.transformer().equals(asked.transformer())
            && there.textEncoder().equals(asked.textEncoder())
            && VaeOrigin.unmeasured(there.vae()).equals(VaeOrigin.unmeasured(asked.vae()));
    if (!same) {
      throw new TrainingException(
          output.resolve(ModelConfig.FILE)
              + " is of a model of other sizes than the run file's; give another output folder");
    }
    var config = asked.withVae(there.vae());
    if (!config.equals(there)) {
      config.write(output);
      advanced = true;
    }
    return config;
  }

  /**
   * Last stage: the autoencoder's decoder again, on whole pictures, with everything else fixed;
   * leaves vae.safetensors with it.
   */
  void trainDecoder() {
    var stage = run.decoder();
    var config = ModelConfig.read(output).vae();
    watcher.said("decoder: " + stage.training().steps() + " steps on " + devices());
    try (var scope = Scope.open()) {
      Map<String, Tensor> all = new LinkedHashMap<>();
      Map<String, String> facts;
      try (var file = Safetensors.open(output.resolve(VideoModel.VAE))) {
        facts = file.metadata();
        file.names().forEach(name -> all.put(name, file.read(name)));
        Map<String, Tensor> trained = new LinkedHashMap<>(all);
        trained.keySet().removeIf(name -> !ofDecoder(name));
        try (var parameters = FlatParameters.copyOf(trained, device);
            var team =
                Team.of(
                    parameters,
                    others,
                    (own, rank) ->
                        ClipsMember.of(
                            config,
                            Weights.from(new PartlyTrained(own, file, own.values().device())),
                            clips(stage, own, rank),
                            (vae, clips) ->
                                stage
                                    .activations()
                                    .of(
                                        passage ->
                                            new DecoderObjective(
                                                vae.through(passage), clips, dtype))));
            var loop = new TrainingLoop(stage.training(), parameters)) {
          var store = decoderStage.resumed(loop);
          steps(decoderStage, parameters, loop, team, store);
          averaged(parameters, loop, "").forEach((name, now) -> all.put(name, now.copy()));
        }
      }
      write(VideoModel.VAE, all, facts);
    }
  }

  private static boolean ofDecoder(String name) {
    return name.startsWith("decoder.") || name.startsWith("conv2.");
  }

  private record Networks(WanTransformer transformer, Umt5Encoder text) {
    static Networks of(Weights weights, ModelConfig config) {
      return new Networks(
          WanTransformer.of(weights.at(TRANSFORMER), config.transformer()),
          Umt5Encoder.of(weights.at(TEXT), config.textEncoder()));
    }
  }

  /** Takes the steps that are left of a stage. */
  private void steps(
      Stage stage, FlatParameters parameters, TrainingLoop loop, Team team, CheckpointStore store) {
    long before = loop.step();
    stage.steps(parameters, loop, team, store);
    advanced |= loop.step() > before;
  }

  /** The weights that {@code build} asks for, freshly drawn. */
  static FlatParameters drawn(long seed, Device device, Consumer<Weights> build) {
    // Drawn on the processor, so that a seed means the same start on every device.
    try (var scope = Scope.open();
        var rng = Rng.seeded(seed, Device.CPU);
        var drawn = Weights.random(rng, Dtype.FLOAT32)) {
      build.accept(drawn);
      return FlatParameters.copyOf(drawn.taken(), device);
    }
  }

  /** Averaged weights whose names start so, without that start; views, owned by the scope. */
  static Map<String, Tensor> averaged(FlatParameters parameters, TrainingLoop loop, String prefix) {
    Map<String, Tensor> out = new LinkedHashMap<>();
    for (var name : parameters.names()) {
      if (name.startsWith(prefix)) {
        out.put(name.substring(prefix.length()), parameters.view(loop.average().average(), name));
      }
    }
    return out;
  }

  private void write(String file, Map<String, Tensor> tensors) {
    write(file, tensors, Map.of());
  }

  private void write(String file, Map<String, Tensor> tensors, Map<String, String> facts) {
    Safetensors.write(output.resolve(file), tensors, facts);
  }

  /** One device's share of some videos; the first tells how it gets on. */
  private Footage film(
      TrainingRun.FootageStage stage,
      VaeConfig config,
      Device on,
      WorldFootage.Share share,
      WorldFootage.What what) {
    return WorldFootage.film(
        stage,
        output,
        run.model().withVae(config),
        share,
        what,
        dtype,
        on,
        threads,
        share.rank() == 0 ? watcher::said : text -> {});
  }

  private static List<Double> numbers(Tensor tensor) {
    float[] values = tensor.toFloats();
    return IntStream.range(0, values.length).mapToObj(i -> (double) values[i]).toList();
  }
}
