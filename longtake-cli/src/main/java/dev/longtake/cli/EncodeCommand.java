package dev.longtake.cli;

import dev.longtake.data.Damaged;
import dev.longtake.data.Skipped;
import dev.longtake.media.Sampling;
import dev.longtake.recipes.EncodeVideos;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code longtake encode}: captioned videos in, a cache of latents out. */
@Command(
    name = "encode",
    mixinStandardHelpOptions = true,
    versionProvider = Software.class,
    sortOptions = false,
    description = {
      "Encodes captioned videos once, for training runs with data: cache:DIR.",
      "DATA are folders, with a caption NAME.txt beside each NAME.mp4, or tables with columns"
          + " videoFile and caption. Videos that cannot be used are skipped and listed in"
          + " skipped.txt. Started again, it goes on where it stopped.",
      ""
    })
final class EncodeCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Parameters(
      arity = "1..*",
      paramLabel = "DATA",
      description = "Folders of videos, or tables (.csv)")
  private List<Path> sources = List.of();

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "The model whose encoders are used. Default: the bundled longtake-mini")
  private Optional<Path> model = Optional.empty();

  @Option(
      names = {"-o", "--out"},
      paramLabel = "CACHE",
      required = true,
      description = "The folder that is made, or continued")
  private Path out = Path.of("");

  @Option(
      names = "--frames",
      paramLabel = "N",
      description = "Pictures of a clip at the model's rate, 4k + 1. Default: 81")
  private int frames = 81;

  @Option(
      names = "--clips",
      paramLabel = "N",
      description = "Most clips of a video, one after the other. Default: 4")
  private int clips = 4;

  @Option(
      names = "--resample",
      paramLabel = "HOW",
      description =
          "What a moment between two pictures shows: nearest, the nearer one, or linear, both"
              + " mixed. Default: nearest")
  private String resample = "nearest";

  @Mixin private final DeviceOptions devices = new DeviceOptions();

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that decode videos. Default: all processors but two")
  private int threads = Math.max(1, Runtime.getRuntime().availableProcessors() - 2);

  @Option(
      names = "--delete-damaged",
      description = "Deletes shards that are damaged and makes their clips anew.")
  private boolean deleteDamaged;

  EncodeCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    AtLeastOne.require("--threads", Optional.of(threads));
    var recipe =
        new EncodeVideos(
            sources,
            model.orElseGet(ModelFolder::bundled),
            out,
            frames,
            clips,
            between(),
            deleteDamaged ? Damaged.DELETE : Damaged.REFUSE,
            EncodeVideos.SHARD_BYTES);
    var on = devices.device();
    var outcome = recipe.run(on, devices.dtype(on), threads, terminal::say);
    if (outcome.skipped().count() > 0) {
      terminal.say(
          String.format(
              Locale.ROOT,
              "skipped %d videos, listed in %s",
              outcome.skipped().count(),
              out.resolve(Skipped.FILE)));
    }
    terminal.say(
        String.format(
            Locale.ROOT,
            "%s holds %d clips, %d of them new",
            out,
            outcome.examples(),
            outcome.fresh()));
    terminal.out().println(out);
    return Failures.NONE;
  }

  private Sampling.Between between() {
    return switch (resample) {
      case "nearest" -> Sampling.Between.NEAREST;
      case "linear" -> Sampling.Between.LINEAR;
      default ->
          throw new IllegalArgumentException(
              "--resample is '" + resample + "'; give nearest or linear");
    };
  }
}
