package dev.longtake.eval;

import dev.longtake.rollout.VideoModel;
import dev.longtake.world.Colour;
import dev.longtake.world.Shape;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Whether generated videos show the objects that their captions name.
 *
 * <p>Of each held-out clip a video of the same length is generated from the caption alone. Objects
 * are found by colour, as {@link Sightings} says, which a true clip allows because nothing but
 * objects is vivid and no two objects of a world share a colour. The shape of an object is named by
 * its silhouette and shading, as {@link ShapeClassifier} says, fitted on true clips of training
 * worlds.
 *
 * <p>The same is measured on the true clips (ceiling), on what the autoencoder makes of them, and
 * on generated videos with the caption of the next clip (chance).
 *
 * <p>The same videos are compared as pictures, whatever they show: {@link LatentFrechet}.
 *
 * @param method the above in a sentence
 * @param subject what was measured
 * @param settings with what
 * @param bounds of the search by colour
 * @param silhouettes that the shape classifier knows
 * @param generated videos against their own captions
 * @param shuffled videos against the captions of others: chance
 * @param truth true clips against their captions: ceiling
 * @param reconstructed true clips through the autoencoder
 * @param latentFrechetDistance how far the same videos are from true ones as pictures
 * @param clips what each shows
 */
public record CaptionObjects(
    String method,
    Subject subject,
    Settings settings,
    Bounds bounds,
    int silhouettes,
    Score generated,
    Score shuffled,
    Score truth,
    Score reconstructed,
    LatentFrechet latentFrechetDistance,
    List<ClipResult> clips) {

  static final String METHOD =
      "A video from each held-out clip's caption. An object is present if pixels of its hue with"
          + " enough saturation fill the least share of at least so many frames; its shape is voted"
          + " by the 5 nearest silhouettes (edges by height, shading on a 5 x 5 grid) of training"
          + " worlds, over all frames that show it whole. recall: captioned colours present;"
          + " false_alarm_rate: present among colours not captioned; shape_accuracy: right shapes"
          + " among captioned objects that are present and shown whole; object_recall: captioned"
          + " objects present in colour and shape. shuffled compares each video with the next"
          + " clip's caption.";

  /**
   * What to measure.
   *
   * @param worlds how many clips, at least 2
   * @param seconds length of each clip and video, above 0
   * @param seed number of the first held-out clip
   */
  public record Settings(int worlds, double seconds, long seed) {
    /** How many clips, unless said. */
    public static final int WORLDS = 24;

    /** Length of each clip and video, unless said. */
    public static final int SECONDS = 20;

    /** 24 videos of 20 s. */
    public static final Settings DEFAULT = new Settings(WORLDS, SECONDS, 0);

    /** Checks the ranges. */
    public Settings {
      if (worlds < 2 || !(seconds > 0) || seconds > 3600) {
        throw new IllegalArgumentException(
            "need at least 2 worlds (captions are shuffled) and up to 3600 s, not "
                + worlds
                + " and "
                + seconds);
      }
    }

    /** With another number of worlds. */
    public Settings withWorlds(int other) {
      return new Settings(other, seconds, seed);
    }
  }

  /**
   * Of the search by colour.
   *
   * @param saturation least HSV saturation of an object's pixel
   * @param value least HSV value
   * @param hue greatest distance from the colour's hue, degrees
   * @param share least share of a picture
   * @param frames least number of such pictures
   */
  public record Bounds(double saturation, double value, double hue, double share, int frames) {
    static final Bounds USED =
        new Bounds(
            ColourMask.SATURATION,
            ColourMask.VALUE,
            ColourMask.HUE,
            Sightings.SHARE,
            Sightings.FRAMES);
  }

  /**
   * Counts and rates over clips; rates are from 0 to 1, and 0 where there is nothing to count.
   *
   * @param captioned objects that captions name
   * @param present of these, how many are present in colour
   * @param recall their share
   * @param uncaptioned colours that captions do not name
   * @param falseAlarms of these, how many are present
   * @param falseAlarmRate their share
   * @param shaped captioned objects that are present and shown whole
   * @param shapesRight of these, how many have the right shape
   * @param shapeAccuracy their share
   * @param objectRecall captioned objects present in colour and shape, as a share of all captioned
   */
  public record Score(
      int captioned,
      int present,
      double recall,
      int uncaptioned,
      int falseAlarms,
      double falseAlarmRate,
      int shaped,
      int shapesRight,
      double shapeAccuracy,
      double objectRecall) {

    /** Compares what is seen with what is said, both in the same order and as long. */
    static Score of(List<Map<Colour, Shape>> said, List<Map<Colour, Optional<Shape>>> seen) {
      int captioned = 0;
      int present = 0;
      int falseAlarms = 0;
      int shaped = 0;
      int right = 0;
      for (int i = 0; i < said.size(); i++) {
        captioned += said.get(i).size();
        for (var sighting : seen.get(i).entrySet()) {
          var expected = said.get(i).get(sighting.getKey());
          if (expected == null) {
            falseAlarms++;
            continue;
          }
          present++;
          if (sighting.getValue().isPresent()) {
            shaped++;
            right += sighting.getValue().get() == expected ? 1 : 0;
          }
        }
      }
      int uncaptioned = Colour.values().length * said.size() - captioned;
      return new Score(
          captioned,
          present,
          share(present, captioned),
          uncaptioned,
          falseAlarms,
          share(falseAlarms, uncaptioned),
          shaped,
          right,
          share(right, shaped),
          share(right, captioned));
    }

    private static double share(int part, int whole) {
      return whole == 0 ? 0 : (double) part / whole;
    }
  }

  /**
   * One clip.
   *
   * @param seed of the clip
   * @param caption of the clip, and the video's prompt
   * @param generated objects seen in the video, such as {@code red cube}
   * @param truth objects seen in the true clip
   */
  public record ClipResult(long seed, String caption, List<String> generated, List<String> truth) {
    /** Copies the lists. */
    public ClipResult {
      generated = List.copyOf(generated);
      truth = List.copyOf(truth);
    }
  }

  /** Copies the list. */
  public CaptionObjects {
    clips = List.copyOf(clips);
  }

  /** {@link #measure(VideoModel, Settings, Reporter, Consumer)}, of which only the end is kept. */
  public static CaptionObjects measure(VideoModel model, Settings settings, Reporter reporter) {
    return measure(model, settings, reporter, soFar -> {});
  }

  /**
   * Measures a model; about as long as generating the videos takes.
   *
   * @param soFar hears after each video, from the second on, what the videos so far say: the result
   *     of as many worlds. The last is the one returned
   * @throws IllegalArgumentException if videos so short are no whole chunk of the model
   */
  public static CaptionObjects measure(
      VideoModel model, Settings settings, Reporter reporter, Consumer<CaptionObjects> soFar) {
    try (var comparison = new CaptionComparison(model, settings)) {
      for (int i = 0; i < settings.worlds(); i++) {
        var clip = comparison.add(i);
        reporter.say(
            String.format(
                Locale.ROOT,
                "video %d of %d: %s; seen: %s",
                i + 1,
                settings.worlds(),
                clip.caption(),
                String.join(", ", clip.generated())));
        if (i > 0) {
          soFar.accept(comparison.result());
        }
      }
      return comparison.result();
    }
  }
}
