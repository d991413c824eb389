package dev.longtake.eval;

import dev.longtake.memory.MemoryPolicies;
import dev.longtake.memory.RollingWindow;
import dev.longtake.rollout.VideoModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Whether what left the frame is still there when the camera comes back.
 *
 * <p>In a held-out world the camera pans steadily. The model is given the true first turn and two
 * seconds more, and the caption; then it generates most of the second turn, in which every view is
 * one that it was shown, a turn less a frame's width before. There is exactly one right picture for
 * each moment, and each generated picture is compared with it twice: at the expected yaw ({@code
 * raw}), and at the best yaw within 60° ({@code aligned}, see {@link YawSearch}).
 *
 * <p>The <em>lag</em> of a view is the time for which it was out of sight: three quarters of the
 * turn, as a frame spans a quarter. Scores by lag are over those pictures only in which nothing is
 * left of what was in view when generation began.
 *
 * <p>The errors of free generation add up. Therefore a second measure, nearer to what training asks
 * for: at several moments of the second turn one chunk is generated after a wholly true past, and
 * scored on its newest columns, which the last true picture did not show yet; then the true chunk
 * is remembered in its place.
 *
 * <p>Every memory stands between a ceiling, the truth through the autoencoder, and two floors: the
 * same room seen the opposite way, and another room.
 *
 * @param method the above in a few sentences
 * @param subject what was measured
 * @param settings with what
 * @param rows scores of each memory, of ceiling and floors
 * @param worlds each world by itself
 */
public record Revisit(
    String method, Subject subject, Settings settings, List<Row> rows, List<World> worlds) {

  private static final String METHOD =
      "Held-out worlds, steady pan. Given: true video of one turn and 2 s, and the caption."
          + " Generated: the next part of the second turn. PSNR in dB of every fourth picture"
          + " against the truth at that moment (raw) and against the best view of the true"
          + " panorama within 60 degrees (aligned); means over pictures. lag: seconds for which a"
          + " view was out of sight; by_lag and returned count only pictures without anything that"
          + " was in view when generation began; by_seconds counts all, from when generation began."
          + " newest: one chunk generated after a wholly true past, PSNR of the columns that the"
          + " last true picture did not show, over all pictures of the chunk.";

  /**
   * What to measure.
   *
   * @param worlds how many, at least 1
   * @param memories policies as {@link MemoryPolicies#parse} reads them, at least one
   * @param turnSeconds times of a full turn, one world each by turns; 8 to 120 s
   * @param share of a turn to generate, above 0.25 and at most 1
   * @param moments at which one chunk is generated after a true past, at least 0
   * @param seed number of the first held-out world
   */
  public record Settings(
      int worlds,
      List<String> memories,
      List<Double> turnSeconds,
      double share,
      int moments,
      long seed) {

    /** How many worlds, unless said. */
    public static final int WORLDS = 4;

    /** Four worlds, four memories of 21 latent frames, turns of 16 to 32 s. */
    public static final Settings DEFAULT =
        new Settings(
            WORLDS,
            List.of(
                "slow-fast-redundant",
                "slow-fast",
                "sink-window:sink=3,frames=21,positions=by-slot",
                "sliding-window:21"),
            List.of(16.0, 20.0, 26.0, 32.0),
            0.75,
            10,
            0);

    /** Checks the ranges and copies the lists. */
    public Settings {
      memories = List.copyOf(memories);
      turnSeconds = List.copyOf(turnSeconds);
      if (worlds < 1 || memories.isEmpty() || turnSeconds.isEmpty() || moments < 0) {
        throw new IllegalArgumentException(
            "need at least 1 world, memory and time of a turn, and 0 moments or more; got "
                + String.format(
                    Locale.ROOT,
                    "%d worlds, %s, %s, %d moments",
                    worlds,
                    memories,
                    turnSeconds,
                    moments));
      }
      if (!(share > 0.25 && share <= 1)) {
        throw new IllegalArgumentException(
            "share is "
                + share
                + "; give more than 0.25, which is what is in view already, and at most 1");
      }
      if (turnSeconds.stream().anyMatch(turn -> !(turn >= 8 && turn <= 120))) {
        throw new IllegalArgumentException("a turn takes 8 to 120 s, not " + turnSeconds);
      }
      memories.forEach(Settings::requireByChunk);
    }

    private static void requireByChunk(String memory) {
      if (MemoryPolicies.parse(memory) instanceof RollingWindow) {
        throw new IllegalArgumentException(
            "'"
                + memory
                + "' makes several chunks together, and what a memory brings back is measured chunk"
                + " by chunk; leave it out");
      }
    }

    /** With another number of worlds. */
    public Settings withWorlds(int other) {
      return new Settings(other, memories, turnSeconds, share, moments, seed);
    }

    /** With other memories. */
    public Settings withMemories(List<String> other) {
      return new Settings(worlds, other, turnSeconds, share, moments, seed);
    }

    /** With other times of a turn. */
    public Settings withTurnSeconds(List<Double> other) {
      return new Settings(worlds, memories, other, share, moments, seed);
    }

    /** From another held-out world on. */
    public Settings withSeed(long other) {
      return new Settings(worlds, memories, turnSeconds, share, moments, other);
    }
  }

  /** What a row stands for. */
  public enum Kind {
    /** A model with this memory. */
    MEMORY,
    /** The best that could be. */
    CEILING,
    /** What has nothing to do with the truth. */
    FLOOR
  }

  /**
   * Pictures of an interval, averaged.
   *
   * @param from where the interval begins, seconds; 0 if it is no interval
   * @param to where it ends
   * @param count how many pictures
   * @param raw PSNR at the expected yaw, dB
   * @param aligned PSNR at the best yaw, dB
   * @param yawError mean distance of the best yaw from the expected one, degrees
   * @param yawLead mean of the same with its sign, positive if ahead of the pan
   */
  public record Views(
      double from,
      double to,
      int count,
      double raw,
      double aligned,
      double yawError,
      double yawLead) {}

  /**
   * Newest columns of an interval of lags, averaged.
   *
   * @param from where the interval begins, seconds; 0 if it is no interval
   * @param to where it ends
   * @param count how many chunks
   * @param psnr dB
   */
  public record Newest(double from, double to, int count, double psnr) {}

  /**
   * Scores over all worlds.
   *
   * @param name of a memory, as given, or of a ceiling or floor
   * @param kind which of these
   * @param returned pictures of which nothing was in view when generation began
   * @param byLag the same by lag
   * @param bySeconds all pictures by the time since generation began
   * @param newest columns after a true past
   * @param newestByLag the same by lag
   */
  public record Row(
      String name,
      Kind kind,
      Views returned,
      List<Views> byLag,
      List<Views> bySeconds,
      Newest newest,
      List<Newest> newestByLag) {
    /** Copies the lists. */
    public Row {
      byLag = List.copyOf(byLag);
      bySeconds = List.copyOf(bySeconds);
      newestByLag = List.copyOf(newestByLag);
    }
  }

  /**
   * Scores in one world.
   *
   * @param name of the row
   * @param returned pictures of which nothing was in view when generation began
   * @param newest columns after a true past
   */
  public record WorldRow(String name, Views returned, Newest newest) {}

  /**
   * One world.
   *
   * @param seed of the world
   * @param caption given to the model
   * @param turnSeconds time of a full turn
   * @param historySeconds of true video given
   * @param generatedSeconds of video generated
   * @param rows scores of each memory, of ceiling and floors
   */
  public record World(
      long seed,
      String caption,
      double turnSeconds,
      double historySeconds,
      double generatedSeconds,
      List<WorldRow> rows) {
    /** Copies the list. */
    public World {
      rows = List.copyOf(rows);
    }
  }

  /**
   * A result and pictures to go with it.
   *
   * @param result the numbers
   * @param pictures moments of the first worlds, of as many as {@link MemoryReport} shows
   */
  public record Outcome(Revisit result, List<RevisitPictures> pictures) {
    /** Copies the list. */
    public Outcome {
      pictures = List.copyOf(pictures);
    }
  }

  /** Copies the lists. */
  public Revisit {
    rows = List.copyOf(rows);
    worlds = List.copyOf(worlds);
  }

  /** {@link #measure(VideoModel, Settings, Reporter, Consumer)}, of which only the end is kept. */
  public static Outcome measure(VideoModel model, Settings settings, Reporter reporter) {
    return measure(model, settings, reporter, soFar -> {});
  }

  /**
   * Measures a model; about three minutes a world for four memories on two processor cores.
   *
   * @param soFar hears after each world what the worlds so far say: the outcome of as many. The
   *     last is the one returned
   */
  public static Outcome measure(
      VideoModel model, Settings settings, Reporter reporter, Consumer<Outcome> soFar) {
    var scores = new ArrayList<RevisitScores>();
    settings.memories().forEach(name -> scores.add(new RevisitScores(name, Kind.MEMORY)));
    scores.add(new RevisitScores(RevisitWorld.CEILING, Kind.CEILING));
    scores.add(new RevisitScores(RevisitWorld.OPPOSITE, Kind.FLOOR));
    scores.add(new RevisitScores(RevisitWorld.OTHER, Kind.FLOOR));
    var worlds = new ArrayList<World>();
    var pictures = new ArrayList<RevisitPictures>();
    for (int i = 0; i < settings.worlds(); i++) {
      int number = i;
      var world = RevisitWorld.of(model, settings, i);
      reporter.say(
          String.format(
              Locale.ROOT,
              "world %d of %d: %s, a turn in %.0f s",
              i + 1,
              settings.worlds(),
              world.caption(),
              world.turnSeconds()));
      var seen = world.measure(model, scores, reporter);
      if (i < MemoryReport.WORLDS_SHOWN) {
        pictures.add(seen);
      }
      worlds.add(
          new World(
              world.seed(),
              world.caption(),
              world.turnSeconds(),
              world.historySeconds(),
              world.generatedSeconds(),
              scores.stream().map(score -> score.worldRow(number)).toList()));
      soFar.accept(outcome(model, settings, scores, worlds, pictures));
    }
    return outcome(model, settings, scores, worlds, pictures);
  }

  private static Outcome outcome(
      VideoModel model,
      Settings settings,
      List<RevisitScores> scores,
      List<World> worlds,
      List<RevisitPictures> pictures) {
    var rows = scores.stream().map(RevisitScores::row).toList();
    var asMany = settings.withWorlds(worlds.size());
    return new Outcome(new Revisit(METHOD, Subject.of(model), asMany, rows, worlds), pictures);
  }
}
