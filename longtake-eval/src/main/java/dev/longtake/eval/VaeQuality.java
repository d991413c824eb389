package dev.longtake.eval;

import dev.longtake.rollout.VideoModel;
import dev.longtake.world.Clip;
import dev.longtake.world.Split;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a model's video autoencoder loses on worlds it has never seen.
 *
 * <p>Of each held-out world the first frames of its clip are encoded and decoded in a stream, as
 * generation does it; the PSNR of a world is over all its pixels at once, colours in [0, 1].
 *
 * @param method the above in a sentence
 * @param subject what was measured
 * @param settings with what
 * @param mean of the worlds' PSNR, dB
 * @param lowest of the worlds' PSNR, dB
 * @param highest of the worlds' PSNR, dB
 * @param seconds that encoding and decoding took in all
 * @param worlds PSNR of each, dB, in order of seed
 */
public record VaeQuality(
    String method,
    Subject subject,
    Settings settings,
    double mean,
    double lowest,
    double highest,
    double seconds,
    List<WorldScore> worlds) {

  private static final String METHOD =
      "Streamed encoding and decoding of the first frames of held-out clips; PSNR in dB over all"
          + " pixels of a world, colours from 0 to 1; mean, lowest and highest over worlds.";

  /**
   * What to measure.
   *
   * @param worlds how many, at least 1
   * @param frames pictures of each, at least 9 and one more than a multiple of 4
   * @param seed number of the first held-out world
   */
  public record Settings(int worlds, int frames, long seed) {
    /** How many worlds, unless said. */
    public static final int WORLDS = 24;

    /** Pictures of each, unless said. */
    public static final int FRAMES = 81;

    /** 24 worlds of 81 frames (5 s). */
    public static final Settings DEFAULT = new Settings(WORLDS, FRAMES, 0);

    /** Checks the ranges. */
    public Settings {
      if (worlds < 1 || frames < 9 || frames % 4 != 1) {
        throw new IllegalArgumentException(
            "need at least 1 world and 9, 13, 17 ... frames, not " + worlds + " and " + frames);
      }
    }
  }

  /**
   * One world.
   *
   * @param seed of its clip
   * @param psnr dB
   */
  public record WorldScore(long seed, double psnr) {}

  /** Copies the list. */
  public VaeQuality {
    worlds = List.copyOf(worlds);
  }

  /** Measures a model; about 2 s a world on two processor cores. */
  public static VaeQuality measure(VideoModel model, Settings settings, Reporter reporter) {
    var scores = new ArrayList<WorldScore>();
    double seconds = 0;
    for (int i = 0; i < settings.worlds(); i++) {
      long seed = Split.HELD_OUT.seed(settings.seed() + i);
      var truth = Truth.film(Clip.of(seed, settings.frames()), model.config().video());
      var pictures = truth.frames(0, truth.frames());
      long begun = System.nanoTime();
      var psnr = new Psnr();
      try (var autoencoding = new Autoencoding(model)) {
        for (int at = 0; at < pictures.size(); ) {
          int end = Math.min(pictures.size(), at + (at == 0 ? 9 : 12));
          var given = pictures.subList(at, end);
          var back = autoencoding.pass(given);
          for (int k = 0; k < back.size(); k++) {
            psnr.add(given.get(k), back.get(k));
          }
          at = end;
        }
      }
      seconds += (System.nanoTime() - begun) / 1e9;
      scores.add(new WorldScore(seed, psnr.decibels()));
      reporter.say(
          String.format(
              Locale.ROOT,
              "world %d of %d: %.2f dB",
              i + 1,
              settings.worlds(),
              scores.getLast().psnr()));
    }
    var summary = scores.stream().mapToDouble(WorldScore::psnr).summaryStatistics();
    return new VaeQuality(
        METHOD,
        Subject.of(model),
        settings,
        summary.getAverage(),
        summary.getMin(),
        summary.getMax(),
        seconds,
        scores);
  }
}
