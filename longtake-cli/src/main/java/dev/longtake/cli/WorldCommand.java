package dev.longtake.cli;

import dev.longtake.media.Frame;
import dev.longtake.media.VideoFormat;
import dev.longtake.world.CameraPath;
import dev.longtake.world.Clip;
import dev.longtake.world.Footage;
import dev.longtake.world.FrameSize;
import dev.longtake.world.Split;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code longtake world}: a clip of the procedural world, as models are trained on. */
@Command(
    name = "world",
    mixinStandardHelpOptions = true,
    versionProvider = Software.class,
    sortOptions = false,
    description = {
      "Renders a clip of the procedural world and prints its caption.",
      "Beside the video NAME.mp4 it writes NAME.png, a contact sheet, and NAME.json. The caption is"
          + " a prompt that longtake-mini understands.",
      ""
    })
final class WorldCommand implements Callable<Integer> {
  private static final int FPS = CameraPath.FRAMES_PER_SECOND;
  private static final Pattern SIZE = Pattern.compile("(\\d{1,5})[x*](\\d{1,5})");

  private final Terminal terminal;

  @Option(names = "--seed", paramLabel = "N", description = "Number of the clip. Default: 0")
  private long seed;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      description = "How long the video is to be. Default: 60")
  private double seconds = 60;

  @Option(
      names = "--size",
      paramLabel = "WxH",
      description = "Pixels, even numbers. Default: 192x128")
  private String size = "192x128";

  @Option(
      names = "--held-out",
      description = "Takes a clip from those that nothing is ever trained on.")
  private boolean heldOut;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "NAME.mp4",
      description = "The video. Default: world-SEED.mp4 in the working directory")
  private Optional<Path> out = Optional.empty();

  @Option(names = "--caption-only", description = "Prints the caption and renders nothing.")
  private boolean captionOnly;

  WorldCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    int frames = Math.toIntExact(Length.frames(seconds, FPS));
    var frameSize = parse(size);
    var format = new VideoFormat(frameSize.width(), frameSize.height(), FPS);
    var split = heldOut ? Split.HELD_OUT : Split.TRAIN;
    var clip = Clip.of(split.seed(seed), frames);
    if (captionOnly) {
      terminal.out().println(clip.caption());
      return Failures.NONE;
    }
    var files = OutputFiles.of(out.orElseGet(this::defaultName));
    var tags =
        Map.of(
            "prompt", clip.caption(),
            "seed", Long.toString(seed),
            "split", word(split),
            "software", Software.nameAndVersion());
    var footage = clip.film(frameSize);
    var upTo = new AtomicInteger();
    var outcome =
        new Filming(frames, format, files, Optional.empty(), tags)
            .run(terminal, () -> Filming.Shot.of(nextSecond(footage, upTo)));
    if (!outcome.complete()) {
      return Interruption.EXIT_CODE;
    }
    Json.write(
        files.sidecar(),
        Json.object()
            .put("video", files.video().toString())
            .put("contact_sheet", files.sheet().toString())
            .put("caption", clip.caption())
            .put("seed", seed)
            .put("split", word(split))
            .put("frames", frames)
            .put("fps", FPS)
            .put("seconds", (double) frames / FPS)
            .put("width", frameSize.width())
            .put("height", frameSize.height())
            .put("software", Software.nameAndVersion()));
    terminal.out().println(clip.caption());
    terminal.say(files.video() + ": " + Length.plain((double) frames / FPS) + " s");
    return Failures.NONE;
  }

  /** The pictures of a second, which become a fragment of the video. */
  private static List<Frame> nextSecond(Footage footage, AtomicInteger upTo) {
    var frames = new ArrayList<Frame>();
    while (frames.size() < FPS && upTo.get() < footage.frames()) {
      var rgb = new byte[footage.size().bytes()];
      footage.frame(upTo.getAndIncrement(), rgb);
      frames.add(new Frame(footage.size().width(), footage.size().height(), rgb));
    }
    return frames;
  }

  private Path defaultName() {
    return Path.of("world-" + (heldOut ? "held-out-" : "") + seed + ".mp4");
  }

  private static String word(Split split) {
    return split.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static FrameSize parse(String text) {
    var size = SIZE.matcher(text);
    if (!size.matches()) {
      throw new IllegalArgumentException(
          "--size is '" + text + "'; give width and height in pixels, such as 192x128");
    }
    return new FrameSize(Integer.parseInt(size.group(1)), Integer.parseInt(size.group(2)));
  }
}
