package dev.longtake.cli;

import dev.longtake.hub.Download;
import dev.longtake.hub.Glob;
import dev.longtake.hub.Hub;
import dev.longtake.hub.Patience;
import dev.longtake.hub.Repository;
import dev.longtake.hub.Selection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code longtake download}: files of a model repository. */
@Command(
    name = "download",
    mixinStandardHelpOptions = true,
    versionProvider = Software.class,
    sortOptions = false,
    description = {
      "Downloads files of a model repository on Hugging Face or a mirror of it.",
      "A file that is cut off stays as NAME.part, and the same command goes on with it. A file"
          + " has its name only once it is whole and its checksum is right; such files are not"
          + " downloaded again.",
      "The environment's HF_TOKEN opens repositories that are private or have terms to accept;"
          + " HF_ENDPOINT names another server.",
      ""
    },
    footer = {"", "Try: longtake download Wan-AI/Wan2.1-T2V-1.3B --exclude 'assets/*' --dry-run"})
final class DownloadCommand implements Callable<Integer> {
  private final Terminal terminal;
  private final Map<String, String> environment;

  @Parameters(
      index = "0",
      paramLabel = "REPO",
      description = "The repository, OWNER/NAME, such as Wan-AI/Wan2.1-T2V-1.3B.")
  private String repositoryName = "";

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "FILE",
      description = "Files in it, or folders with all that is in them. Default: everything")
  private List<String> paths = new ArrayList<>();

  @Option(
      names = {"-o", "--out"},
      paramLabel = "DIR",
      description = "Where the files go. Default: the repository's NAME in the working directory")
  private Optional<Path> out = Optional.empty();

  @Option(
      names = "--revision",
      paramLabel = "REV",
      description = "A branch, a tag or a commit. Default: main")
  private String revision = "main";

  @Option(
      names = "--include",
      paramLabel = "GLOB",
      description =
          "Only files that match, such as '*.safetensors'. * stands for anything, also for /;"
              + " may be given again.")
  private List<String> include = new ArrayList<>();

  @Option(
      names = "--exclude",
      paramLabel = "GLOB",
      description = "No files that match; may be given again.")
  private List<String> exclude = new ArrayList<>();

  @Option(names = "--dry-run", description = "Lists what would be downloaded, and ends.")
  private boolean dryRun;

  @Option(
      names = "--force",
      description = "Replaces files of the same name that have another content.")
  private boolean force;

  @Option(
      names = "--mirror",
      paramLabel = "URL",
      description =
          "A server that mirrors Hugging Face. Default: HF_ENDPOINT, or https://huggingface.co")
  private Optional<String> mirror = Optional.empty();

  @Option(
      names = "--timeout",
      paramLabel = "S",
      description = "Seconds without a byte until a connection counts as stalled. Default: 30")
  private double timeout = Patience.USUAL.silence().toSeconds();

  @Option(
      names = "--retries",
      paramLabel = "N",
      description =
          "Failures in a row after which to give up; a server that has not answered at all is given"
              + " up after half a minute. Default: 6")
  private int retries = Patience.USUAL.retries();

  DownloadCommand(Terminal terminal, Map<String, String> environment) {
    this.terminal = terminal;
    this.environment = environment;
  }

  @Override
  public Integer call() {
    var repository = new Repository(repositoryName, revision);
    var folder = out.orElseGet(() -> Path.of(repository.shortName()));
    var patience = patience();
    requireFolder(folder);
    try (var hub = Hub.of(endpoint(), token(), patience)) {
      var wanted = new Selection(paths, globs(include), globs(exclude)).of(hub.files(repository));
      var download = new Download(hub, repository, folder, patience);
      var plan = DownloadPlan.of(download, wanted);
      if (dryRun) {
        plan.files().keySet().forEach(file -> terminal.out().println(plan.line(file)));
        terminal.out().println(summary(plan) + " to download into " + folder);
        return Failures.NONE;
      }
      if (!force) {
        plan.requireNothingReplaced(folder);
      }
      FreeSpace.require(folder, plan.missing());
      return run(download, plan, folder);
    }
  }

  private int run(Download download, DownloadPlan plan, Path folder) {
    var farewell = "stopped; the same command goes on where this one stopped";
    try (var stop = Interruption.watch(terminal, () -> farewell);
        var progress = Progress.of(terminal, plan.missing(), Progress.Unit.MEGABYTES)) {
      long before = 0;
      for (var file : plan.wanted()) {
        long present = download.present(file);
        long done = before - present;
        download.fetch(
            file,
            reached -> {
              progress.reached(Math.max(0, done + reached));
              if (stop.requested()) {
                throw new CancellationException();
              }
            });
        before += file.size() - present;
      }
    } catch (CancellationException e) {
      return Interruption.EXIT_CODE;
    }
    terminal
        .out()
        .println(
            String.format(
                Locale.ROOT,
                "%s: %s, %s%s",
                folder,
                files(plan.files().size()),
                ByteCount.words(plan.bytes()),
                plan.wanted().isEmpty() ? ", here already" : ""));
    return Failures.NONE;
  }

  /** Refuses a place where a file is in the way, before the server is asked for anything. */
  private static void requireFolder(Path folder) {
    Stream.iterate(folder.toAbsolutePath(), path -> path != null, Path::getParent)
        .filter(Files::exists)
        .findFirst()
        .filter(there -> !Files.isDirectory(there))
        .ifPresent(
            there -> {
              throw new IllegalArgumentException(
                  "--out is " + folder + ", and " + there + " is a file; give a folder");
            });
  }

  private static List<Glob> globs(List<String> texts) {
    return texts.stream().map(Glob::new).toList();
  }

  private static String summary(DownloadPlan plan) {
    return String.format(
        Locale.ROOT,
        "%d of %s, %s",
        plan.wanted().size(),
        files(plan.files().size()),
        ByteCount.words(plan.missing()));
  }

  private static String files(int count) {
    return count == 1 ? "1 file" : count + " files";
  }

  private Patience patience() {
    if (!(timeout >= 0.1 && timeout <= 3600)) {
      throw new IllegalArgumentException(
          "--timeout is " + Length.plain(timeout) + "; give seconds from 0.1 to 3600");
    }
    if (retries < 0) {
      throw new IllegalArgumentException("--retries is " + retries + "; give 0 or more");
    }
    return new Patience(
        Duration.ofMillis(Math.round(timeout * 1000)), retries, Patience.USUAL.pause());
  }

  private URI endpoint() {
    var address =
        mirror
            .or(() -> Optional.ofNullable(environment.get("HF_ENDPOINT")))
            .filter(text -> !text.isBlank())
            .orElse(Hub.HUGGING_FACE.toString());
    try {
      return URI.create(address.strip());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "'" + address + "' is no server's address; give one such as " + Hub.HUGGING_FACE, e);
    }
  }

  private Optional<String> token() {
    return Optional.ofNullable(environment.get("HF_TOKEN"))
        .map(String::strip)
        .filter(text -> !text.isEmpty());
  }
}
