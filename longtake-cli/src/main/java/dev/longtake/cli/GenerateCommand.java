package dev.longtake.cli;

import dev.longtake.media.Frame;
import dev.longtake.media.VideoFormat;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.memory.MemoryPolicy;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.ModelConfig.Sampling;
import dev.longtake.rollout.VideoChunk;
import dev.longtake.rollout.VideoGenerator;
import dev.longtake.rollout.VideoModel;
import dev.longtake.rollout.VideoRequest;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Threads;
import dev.longtake.text.TextResidence;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code longtake generate}: a prompt becomes a video. */
@Command(
    name = "generate",
    mixinStandardHelpOptions = true,
    versionProvider = Software.class,
    sortOptions = false,
    description = {
      "Generates a video from a prompt.",
      "Beside the video NAME.mp4 it writes NAME.png, a contact sheet, and NAME.json, how the video"
          + " was made. While it runs, NAME.part.mp4 grows; it plays at any moment.",
      ""
    })
final class GenerateCommand implements Callable<Integer> {
  private static final double DEFAULT_SECONDS = 60;

  private final Terminal terminal;

  @Parameters(paramLabel = "PROMPT", description = "What the video shows, in quotes.")
  private String prompt = "";

  @Option(
      names = "--seconds",
      paramLabel = "S",
      description = "How long the video is to be. Default: 60")
  private Optional<Double> seconds = Optional.empty();

  @Option(
      names = "--num_output_frames",
      paramLabel = "N",
      description = "The same in latent frames, a multiple of 3: N make 1 + 4 (N - 1) frames.")
  private Optional<Integer> latents = Optional.empty();

  @Option(names = "--seed", paramLabel = "N", description = "Seed of all randomness. Default: 0")
  private long seed;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "NAME.mp4",
      description = "The video. Default: named after prompt and seed, in the working directory")
  private Optional<Path> out = Optional.empty();

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Model folder. Default: longtake-mini, which comes with Longtake")
  private Optional<Path> folder = Optional.empty();

  @Option(
      names = "--memory",
      paramLabel = "SPEC",
      description =
          "What the model may look back at: full, self-forcing, longlive, infinity-rope,"
              + " context-forcing, slow-fast-redundant, or with numbers, as sink-window:sink=3,frames=12"
              + " has them. Default: as the model was trained")
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

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description = "cpu, cuda, cuda:N, or auto: a GPU if there is one. Default: auto")
  private String deviceName = "auto";

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description = "float32 or bfloat16. Default: float32 on cpu, bfloat16 on cuda")
  private Optional<String> dtypeName = Optional.empty();

  @Option(
      names = "--text-encoder",
      paramLabel = "WHERE",
      description =
          "Where the text encoder is: device (stays there), passing (freed when the prompt is"
              + " read) or cpu (encodes there). Default: device")
  private String textEncoder = "device";

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Processor threads. Default: one for each core")
  private Optional<Integer> threads = Optional.empty();

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
    var policy = checkOptions();
    var files = OutputFiles.of(out.orElseGet(this::defaultName));
    framesDir.ifPresent(Recording::requireEmpty);
    given.ifPresent(path -> requireOther(path, files.video()));

    var model = ModelFolder.inspect(folder.orElseGet(ModelFolder::bundled));
    var config = model.config();
    var size = config.video();
    long frames = frames(config);
    var request =
        new VideoRequest(
            prompt, seed, policy.orElseGet(config::policy), sampling(config.sampling()));
    var memorySpec = memory.orElse(config.memory());
    var device = Device.parse(deviceName);
    var dtype = Precision.of(dtypeName, device);
    var warnings = model.check(prompt);
    var beginning = given.map(path -> Given.read(path, size));
    // Said when nothing else is wrong.
    warnings.forEach(warning -> terminal.say("warning: " + warning));
    var residence = TextResidence.parse(textEncoder);
    threads.ifPresent(Threads::set);

    var sha256 = CompletableFuture.supplyAsync(model::sha256); // takes seconds for a large model
    var filming =
        new Filming(
            frames,
            new VideoFormat(size.width(), size.height(), size.fps()),
            files,
            framesDir,
            tags(config, memorySpec));
    try (var loaded = VideoModel.open(model.path(), device, dtype, residence);
        var video = VideoGenerator.start(loaded, request)) {
      beginning.ifPresent(b -> video.continueFrom(b.frames()));
      var outcome = filming.run(terminal, () -> pictures(video.next()));
      if (outcome.complete()) {
        report(
            new Facts(loaded, model, request, memorySpec, beginning, files, outcome),
            sha256.join());
      }
      return outcome.complete() ? Failures.NONE : Interruption.EXIT_CODE;
    }
  }

  /** What can be told from the options alone. */
  private Optional<MemoryPolicy> checkOptions() {
    if (prompt.isBlank()) {
      throw new IllegalArgumentException("the prompt is empty; say what the video shows");
    }
    if (seconds.isPresent() && latents.isPresent()) {
      throw new IllegalArgumentException(
          "--seconds and --num_output_frames both say how long; give one of them");
    }
    seconds.ifPresent(Length::check);
    latents.ifPresent(n -> Length.checkLatents(n, ModelConfig.CHUNK));
    requireAtLeastOne("--steps", steps);
    requireAtLeastOne("--guidance", guidance);
    requireAtLeastOne("--threads", threads);
    dtypeName.ifPresent(Precision::parse);
    TextResidence.parse(textEncoder);
    return memory.map(MemoryPolicies::parse);
  }

  private Path defaultName() {
    return Path.of(FileNames.slug(prompt) + "-" + seed + ".mp4");
  }

  private long frames(ModelConfig config) {
    int fps = config.video().fps();
    if (latents.isEmpty()) {
      return Length.frames(seconds.orElse(DEFAULT_SECONDS), fps);
    }
    long frames = config.vae().pixelFrames(latents.get());
    Length.check((double) frames / fps);
    return frames;
  }

  private Sampling sampling(Sampling usual) {
    return new Sampling(
        usual.kind(),
        steps.orElse(usual.steps()),
        usual.shift(),
        guidance.orElse(usual.guidance()));
  }

  private Map<String, String> tags(ModelConfig config, String memorySpec) {
    return noMetadata
        ? Map.of()
        : Map.of(
            "prompt", prompt,
            "seed", Long.toString(seed),
            "model", config.name(),
            "memory", memorySpec,
            "software", Software.nameAndVersion());
  }

  private void report(Facts facts, String sha256) {
    var node = facts.json(sha256);
    if (!noMetadata) {
      Json.write(facts.files().sidecar(), node);
    }
    terminal.out().println(json ? Json.text(node) : facts.line());
  }

  private static List<Frame> pictures(VideoChunk chunk) {
    return chunk.frames().stream()
        .map(rgb -> new Frame(chunk.width(), chunk.height(), rgb))
        .toList();
  }

  private static void requireAtLeastOne(String option, Optional<? extends Number> number) {
    if (number.isPresent() && !(number.get().doubleValue() >= 1)) {
      throw new IllegalArgumentException(option + " is " + number.get() + "; give 1 or more");
    }
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
