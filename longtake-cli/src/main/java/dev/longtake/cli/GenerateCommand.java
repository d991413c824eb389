package dev.longtake.cli;

import dev.longtake.memory.Memory;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.memory.MemoryPolicy;
import dev.longtake.rollout.Awaited;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.ModelConfig.Sampling;
import dev.longtake.rollout.PromptSchedule;
import dev.longtake.rollout.PromptSchedule.Shot;
import dev.longtake.rollout.Recall;
import dev.longtake.rollout.VideoModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code longtake generate}: prompts become videos. */
@Command(
    name = "generate",
    mixinStandardHelpOptions = true,
    versionProvider = Software.class,
    sortOptions = false,
    description = {
      "Generates a video from a prompt, or several from a file of prompts.",
      "Beside the video NAME.mp4 it writes NAME.png, a contact sheet, and NAME.json, how the video"
          + " was made. While it runs, NAME.part.mp4 grows, and plays at any moment"
          + " from its first chunk on.",
      ""
    })
final class GenerateCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin private final PromptOptions prompts = new PromptOptions();

  @Mixin private final LengthOptions length = new LengthOptions();

  @Option(names = "--seed", paramLabel = "N", description = "Seed of all randomness. Default: 0")
  private long seed;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "NAME.mp4",
      description = "The video. Default: named after prompt and seed, in the working directory")
  private Optional<Path> out = Optional.empty();

  @Mixin private final ModelOptions models = new ModelOptions();

  @Option(
      names = "--memory",
      paramLabel = "SPEC",
      description =
          "What the model may look back at: full, sliding-window, sink-window, slow-fast,"
              + " slow-fast-redundant, self-forcing, longlive, infinity-rope, context-forcing,"
              + " context-forcing-released, rolling-forcing, or with numbers,"
              + " as sink-window:sink=3,frames=12 has them. Default: as the model was trained")
  private Optional<String> memory = Optional.empty();

  @Option(
      names = "--continue",
      paramLabel = "VIDEO",
      description =
          "A video, or a folder of pictures, to go on from. Only the new part is written.")
  private Optional<Path> given = Optional.empty();

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Denoising passes per chunk. Default: the model's")
  private Optional<Integer> steps = Optional.empty();

  @Option(
      names = "--guidance",
      paramLabel = "SCALE",
      description = "Scale of classifier-free guidance, 1 for none. Default: the model's")
  private Optional<Double> guidance = Optional.empty();

  @Mixin private final ComputeOptions compute = new ComputeOptions();

  @Option(
      names = "--frames-dir",
      paramLabel = "DIR",
      description = "A new folder, for a PNG of every frame.")
  private Optional<Path> framesDir = Optional.empty();

  @Option(
      names = "--no-metadata",
      description = "Keeps prompt, seed and model out of the MP4, and writes no NAME.json.")
  private boolean noMetadata;

  @Option(
      names = "--json",
      description = "Prints what NAME.json holds, instead of a line for people.")
  private boolean json;

  GenerateCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** Checks everything that can be checked cheaply, then loads the model and generates. */
  @Override
  public Integer call() {
    var asked = checkOptions();
    var name = out.orElseGet(() -> Path.of(prompts.name() + "-" + seed + ".mp4"));
    OutputFiles.of(name);
    framesDir.ifPresent(Recording::requireEmpty);
    given.ifPresent(path -> requireOther(path, name));

    var model = models.inspect();
    var config = model.config();
    var takes = takes(name, model);
    var device = compute.device();
    var dtype = compute.dtype(device);
    var warnings = warnings(takes, model);
    var policy = asked.orElseGet(config::policy);
    var generation =
        new Generation(
            model,
            seed,
            policy,
            memory.orElse(config.memory()),
            prompts.onSwitch(),
            sampling(config.sampling()),
            compute.overlap(device),
            compute.replay(device, policy),
            given.map(path -> Given.read(path, config.video())),
            framesDir,
            !noMetadata);
    var residence = compute.textResidence();
    Fits.require(model, generation.memory(), generation.longest(takes), device, dtype, residence);
    warn(warnings, generation.memory(), config.recall()); // when nothing else is wrong
    compute.apply();

    var sha256 = CompletableFuture.supplyAsync(model::sha256); // takes seconds for a large model
    try (var loaded =
        VideoModel.open(model.parts(), device, dtype, residence, compute.arithmetic())) {
      for (var take : takes) {
        var facts = generation.film(loaded, take, terminal);
        if (!facts.outcome().complete()) {
          return Interruption.EXIT_CODE;
        }
        report(facts, Awaited.result(sha256));
      }
      return Failures.NONE;
    }
  }

  /** What can be told from the options alone. */
  private Optional<Memory> checkOptions() {
    prompts.check();
    length.check();
    models.check();
    AtLeastOne.require("--steps", steps);
    AtLeastOne.require("--guidance", guidance);
    compute.check();
    var asked = memory.map(MemoryPolicies::parse);
    asked.ifPresent(prompts.onSwitch()::requireFor);
    return asked;
  }

  private List<Take> takes(Path name, ModelFolder model) {
    var config = model.config();
    var videos = prompts.videos(config.video().fps());
    if (videos.size() > 1 && framesDir.isPresent()) {
      throw new IllegalArgumentException(
          "--frames-dir holds the frames of one video, and there are prompts for "
              + videos.size()
              + "; leave it out");
    }
    var takes = new ArrayList<Take>();
    for (var video : videos) {
      int number = takes.size() + 1;
      var file = videos.size() == 1 ? name : FileNames.numbered(name, number, videos.size());
      var take = new Take(video, length.frames(video, config), OutputFiles.of(file));
      take.requireRoom(
          given.isPresent() ? ModelConfig.CHUNK_PICTURES : ModelConfig.FIRST_CHUNK_PICTURES);
      given.ifPresent(path -> requireOther(path, file));
      takes.add(take);
    }
    return takes;
  }

  /** What the model cannot make of the prompts, after refusing those that it cannot read. */
  private static List<String> warnings(List<Take> takes, ModelFolder model) {
    return model.check(
        takes.stream()
            .map(Take::prompts)
            .map(PromptSchedule::shots)
            .flatMap(List::stream)
            .map(Shot::prompt)
            .toList());
  }

  private void warn(List<String> warnings, Memory used, Recall trained) {
    warnings.forEach(warning -> terminal.say("warning: " + warning));
    if (!(used instanceof MemoryPolicy) && trained == Recall.RECOMPUTED) {
      terminal.say(
          "warning: "
              + used.spec().replaceFirst(":.*", "")
              + " keeps keys as they were made, and this model was trained with recomputed ones; it"
              + " will not look its best");
    }
  }

  private Sampling sampling(Sampling usual) {
    return new Sampling(
        usual.kind(),
        steps.orElse(usual.steps()),
        usual.shift(),
        guidance.orElse(usual.guidance()));
  }

  private void report(Facts facts, String sha256) {
    var node = facts.json(sha256);
    if (!noMetadata) {
      Json.write(facts.take().files().sidecar(), node);
    }
    terminal.out().println(json ? Json.text(node) : facts.line());
  }

  /** Writing over the video that is read would lose it. */
  private static void requireOther(Path given, Path video) {
    try {
      if (Files.exists(given) && Files.exists(video) && Files.isSameFile(given, video)) {
        throw new IllegalArgumentException(
            "--continue and --out are both " + given + "; give --out another name");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
