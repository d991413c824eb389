package dev.longtake.eval;

import dev.longtake.rollout.VideoGenerator;
import dev.longtake.rollout.VideoModel;
import dev.longtake.rollout.VideoRequest;
import dev.longtake.world.Caption;
import dev.longtake.world.Clip;
import dev.longtake.world.Colour;
import dev.longtake.world.FrameSize;
import dev.longtake.world.Shape;
import dev.longtake.world.Split;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

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
 * @param method the above in a sentence
 * @param subject what was measured
 * @param settings with what
 * @param bounds of the search by colour
 * @param silhouettes that the shape classifier knows
 * @param generated videos against their own captions
 * @param shuffled videos against the captions of others: chance
 * @param truth true clips against their captions: ceiling
 * @param reconstructed true clips through the autoencoder
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
    List<ClipResult> clips) {

  private static final String METHOD =
      "A video from each held-out clip's caption. An object is present if pixels of its hue with"
          + " enough saturation fill the least share of at least so many frames; its shape is voted"
          + " by the 5 nearest silhouettes (edges by height, shading on a 5 x 5 grid) of training"
          + " worlds, over all frames that show it whole. recall: captioned colours present;"
          + " false_alarm_rate: present among colours not captioned; shape_accuracy: right shapes"
          + " among captioned objects that are present and shown whole; object_recall: captioned"
          + " objects present in colour and shape. shuffled compares each video with the next"
          + " clip's caption.";

  private static final int TRAINING_WORLDS = 80;

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

  /** Measures a model; about as long as generating the videos takes. */
  public static CaptionObjects measure(VideoModel model, Settings settings, Reporter reporter) {
    var size = model.config().video();
    var classifier =
        ShapeClassifier.fit(TRAINING_WORLDS, new FrameSize(size.width(), size.height()));
    int frames = Math.toIntExact(Math.round(settings.seconds() * size.fps()));
    var said = new ArrayList<Map<Colour, Shape>>();
    var generated = new ArrayList<Map<Colour, Optional<Shape>>>();
    var truth = new ArrayList<Map<Colour, Optional<Shape>>>();
    var reconstructed = new ArrayList<Map<Colour, Optional<Shape>>>();
    var clips = new ArrayList<ClipResult>();
    for (int i = 0; i < settings.worlds(); i++) {
      long seed = Split.HELD_OUT.seed(settings.seed() + i);
      var clip = Clip.of(seed, frames);
      var caption = Caption.of(clip.world(), clip.path());
      var objects = new EnumMap<Colour, Shape>(Colour.class);
      caption.objects().forEach(object -> objects.put(object.colour(), object.shape()));
      said.add(objects);
      var film = Truth.film(clip, size);
      truth.add(seenInTruth(film, classifier));
      reconstructed.add(seenInReconstruction(model, film, classifier));
      generated.add(seenInVideo(model, caption.text(), i, frames, classifier));
      clips.add(
          new ClipResult(seed, caption.text(), words(generated.getLast()), words(truth.getLast())));
      reporter.say(
          String.format(
              Locale.ROOT,
              "video %d of %d: %s; seen: %s",
              i + 1,
              settings.worlds(),
              caption.text(),
              String.join(", ", words(generated.getLast()))));
    }
    var others = new ArrayList<>(said);
    java.util.Collections.rotate(others, -1);
    return new CaptionObjects(
        METHOD,
        Subject.of(model),
        settings,
        Bounds.USED,
        classifier.size(),
        Score.of(said, generated),
        Score.of(others, generated),
        Score.of(said, truth),
        Score.of(said, reconstructed),
        clips);
  }

  static Map<Colour, Optional<Shape>> seenInTruth(Truth truth, ShapeClassifier classifier) {
    var sightings = new Sightings(truth.footage().size().width(), classifier);
    for (int frame = 0; frame < truth.frames(); frame++) {
      sightings.add(truth.frame(frame));
    }
    return objects(sightings);
  }

  private static Map<Colour, Optional<Shape>> seenInReconstruction(
      VideoModel model, Truth truth, ShapeClassifier classifier) {
    var sightings = new Sightings(truth.footage().size().width(), classifier);
    int chunks = Autoencoding.chunks(truth.frames());
    try (var autoencoding = new Autoencoding(model)) {
      for (int chunk = 0; chunk < chunks; chunk++) {
        var given = truth.frames(Autoencoding.pictures(chunk), Autoencoding.pictures(chunk + 1));
        autoencoding.pass(given).forEach(sightings::add);
      }
    }
    return objects(sightings);
  }

  private static Map<Colour, Optional<Shape>> seenInVideo(
      VideoModel model, String prompt, long seed, int frames, ShapeClassifier classifier) {
    var sightings = new Sightings(model.config().video().width(), classifier);
    var request = VideoRequest.of(model.config(), prompt).withSeed(seed);
    try (var video = VideoGenerator.start(model, request)) {
      while (video.frames() < frames) {
        long left = frames - video.frames();
        video.next().frames().stream().limit(left).forEach(sightings::add);
      }
    }
    return objects(sightings);
  }

  private static Map<Colour, Optional<Shape>> objects(Sightings sightings) {
    var objects = new EnumMap<Colour, Optional<Shape>>(Colour.class);
    sightings.colours().forEach(colour -> objects.put(colour, sightings.shape(colour)));
    return objects;
  }

  private static List<String> words(Map<Colour, Optional<Shape>> objects) {
    return objects.entrySet().stream()
        .map(seen -> seen.getKey().word() + " " + seen.getValue().map(Shape::word).orElse("object"))
        .toList();
  }
}
