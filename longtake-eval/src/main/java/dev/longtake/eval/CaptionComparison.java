package dev.longtake.eval;

import dev.longtake.eval.CaptionObjects.Bounds;
import dev.longtake.eval.CaptionObjects.ClipResult;
import dev.longtake.eval.CaptionObjects.Score;
import dev.longtake.eval.CaptionObjects.Settings;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoGenerator;
import dev.longtake.rollout.VideoModel;
import dev.longtake.rollout.VideoRequest;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.world.Caption;
import dev.longtake.world.Clip;
import dev.longtake.world.Colour;
import dev.longtake.world.FrameSize;
import dev.longtake.world.Shape;
import dev.longtake.world.Split;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** {@link CaptionObjects} on the way: what was said and seen so far, world after world. */
final class CaptionComparison implements AutoCloseable {
  private static final int TRAINING_WORLDS = 80;

  /** Turned, it makes the number of a world that of another, which is not measured. */
  private static final long OTHER = 1L << 20;

  private final VideoModel model;
  private final Settings settings;
  private final int frames;
  private final int chunks; // whole ones, which alone go through the autoencoder
  private final ShapeClassifier classifier;

  private final List<Map<Colour, Shape>> said = new ArrayList<>();
  private final List<Map<Colour, Optional<Shape>>> generated = new ArrayList<>();
  private final List<Map<Colour, Optional<Shape>>> truth = new ArrayList<>();
  private final List<Map<Colour, Optional<Shape>>> reconstructed = new ArrayList<>();
  private final List<ClipResult> clips = new ArrayList<>();

  private final LatentFeatures ofGenerated;
  private final LatentFeatures ofOthers;
  private final LatentFeatures ofTruth;
  private final LatentFeatures ofReconstructed;

  CaptionComparison(VideoModel model, Settings settings) {
    this.model = model;
    this.settings = settings;
    var size = model.config().video();
    frames = Math.toIntExact(Math.round(settings.seconds() * size.fps()));
    chunks = Autoencoding.chunks(frames);
    if (chunks == 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "videos of %s s have %d pictures, but a first chunk has %d; give more seconds",
              settings.seconds(),
              frames,
              ModelConfig.FIRST_CHUNK_PICTURES));
    }
    classifier = ShapeClassifier.fit(TRAINING_WORLDS, new FrameSize(size.width(), size.height()));
    ofGenerated = LatentFeatures.of(model);
    ofOthers = LatentFeatures.of(model);
    ofTruth = LatentFeatures.of(model);
    ofReconstructed = LatentFeatures.of(model);
  }

  /** Measures the next world, of the number that was settled on and so many more. */
  ClipResult add(int world) {
    long number = settings.seed() + world;
    long seed = Split.HELD_OUT.seed(number);
    var clip = Clip.of(seed, frames);
    var caption = Caption.of(clip.world(), clip.path());
    var objects = new EnumMap<Colour, Shape>(Colour.class);
    caption.objects().forEach(object -> objects.put(object.colour(), object.shape()));
    said.add(objects);
    var film = Truth.film(clip, model.config().video());
    truth.add(seenInTruth(film, classifier));
    reconstructed.add(seenInReconstruction(film));
    generated.add(seenInVideo(caption.text(), world));
    compareOther(Clip.of(Split.HELD_OUT.seed(number ^ OTHER), frames));
    clips.add(
        new ClipResult(seed, caption.text(), words(generated.getLast()), words(truth.getLast())));
    return clips.getLast();
  }

  /** What the worlds so far say, at least 2. */
  CaptionObjects result() {
    var others = new ArrayList<>(said);
    Collections.rotate(others, -1);
    return new CaptionObjects(
        CaptionObjects.METHOD,
        Subject.of(model),
        settings.withWorlds(clips.size()),
        Bounds.USED,
        classifier.size(),
        Score.of(said, generated),
        Score.of(others, generated),
        Score.of(said, truth),
        Score.of(said, reconstructed),
        LatentFrechet.of(ofGenerated, ofOthers, ofReconstructed, ofTruth),
        clips);
  }

  static Map<Colour, Optional<Shape>> seenInTruth(Truth truth, ShapeClassifier classifier) {
    var sightings = new Sightings(truth.footage().size().width(), classifier);
    for (int frame = 0; frame < truth.frames(); frame++) {
      sightings.add(truth.frame(frame));
    }
    return objects(sightings);
  }

  private Map<Colour, Optional<Shape>> seenInReconstruction(Truth film) {
    var sightings = sightings();
    var before = new ArrayList<Tensor>();
    var after = new ArrayList<Tensor>();
    try (var scope = Scope.open();
        var once = new Autoencoding(model);
        var again = new Autoencoding(model)) {
      for (int chunk = 0; chunk < chunks; chunk++) {
        before.add(once.encode(pictures(film, chunk)));
        var back = once.decode(before.getLast());
        back.forEach(sightings::add);
        after.add(again.encode(back));
      }
      ofTruth.add(Tensor.cat(before, 2));
      ofReconstructed.add(Tensor.cat(after, 2));
    }
    return objects(sightings);
  }

  private Map<Colour, Optional<Shape>> seenInVideo(String prompt, long seed) {
    var sightings = sightings();
    var latents = new ArrayList<Tensor>();
    var request = VideoRequest.of(model.config(), prompt).withSeed(seed);
    try (var scope = Scope.open();
        var encoding = new Autoencoding(model);
        var video = VideoGenerator.start(model, request)) {
      while (video.frames() < frames) {
        long left = frames - video.frames();
        var chunk = video.next().frames();
        chunk.stream().limit(left).forEach(sightings::add);
        if (latents.size() < chunks) {
          latents.add(encoding.encode(chunk));
        }
      }
      ofGenerated.add(Tensor.cat(latents, 2));
    }
    return objects(sightings);
  }

  private void compareOther(Clip clip) {
    var film = Truth.film(clip, model.config().video());
    var latents = new ArrayList<Tensor>();
    try (var scope = Scope.open();
        var encoding = new Autoencoding(model)) {
      for (int chunk = 0; chunk < chunks; chunk++) {
        latents.add(encoding.encode(pictures(film, chunk)));
      }
      ofOthers.add(Tensor.cat(latents, 2));
    }
  }

  private static List<byte[]> pictures(Truth film, int chunk) {
    return film.frames(Autoencoding.pictures(chunk), Autoencoding.pictures(chunk + 1));
  }

  private Sightings sightings() {
    return new Sightings(model.config().video().width(), classifier);
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

  @Override
  public void close() {
    ofGenerated.close();
    ofOthers.close();
    ofTruth.close();
    ofReconstructed.close();
  }
}
