package dev.longtake.eval;

import dev.longtake.eval.Revisit.Settings;
import dev.longtake.eval.RevisitScores.Strip;
import dev.longtake.eval.RevisitScores.View;
import dev.longtake.media.Frame;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.vae.DecodeState;
import dev.longtake.world.CameraPath;
import dev.longtake.world.Clip;
import dev.longtake.world.FrameSize;
import dev.longtake.world.Split;
import dev.longtake.world.World;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * One world of {@link Revisit}. The truth is encoded once and decoded once; every memory continues
 * the same latents and the same state of the decoder.
 *
 * @param number of the world, from 0
 * @param truth true clip: what is given, then what should follow
 * @param other another room along the same path
 * @param turnSeconds time of a full turn
 * @param given chunks that the model is given
 * @param generated chunks that it generates
 * @param settings of the measurement
 */
record RevisitWorld(
    int number,
    Truth truth,
    Truth other,
    double turnSeconds,
    int given,
    int generated,
    Settings settings) {

  static final String CEILING = "truth through the autoencoder";
  static final String OPPOSITE = "same room, opposite view";
  static final String OTHER = "another room";

  /** Seconds given beyond a full turn. */
  private static final double BEYOND = 2;

  /** Other rooms come from far behind those that are measured. */
  private static final long OTHER_ROOMS = 1_000_000;

  private static final int SCORE_EVERY = 4;
  private static final int PICTURES = 6;

  static RevisitWorld of(VideoModel model, Settings settings, int number) {
    var size = model.config().video();
    var turns = settings.turnSeconds();
    double turn = turns.get(number % turns.size());
    int given = Autoencoding.chunks((int) Math.ceil((turn + BEYOND) * size.fps()));
    int generated = (int) Math.ceil(settings.share() * turn * size.fps() / (4 * ModelConfig.CHUNK));
    int frames = Autoencoding.pictures(given + generated);
    // Both directions occur at every time of a turn, and starts are spread by the golden angle.
    double side = (number + number / turns.size()) % 2 == 0 ? 1 : -1;
    var path = CameraPath.steady(137.508 * number, side * 360 / turn, frames);
    var world = World.of(Split.HELD_OUT.seed(settings.seed() + number));
    var other = World.of(Split.HELD_OUT.seed(settings.seed() + number + OTHER_ROOMS));
    return new RevisitWorld(
        number,
        Truth.film(new Clip(world, path), size),
        Truth.film(new Clip(other, path), size),
        turn,
        given,
        generated,
        settings);
  }

  String caption() {
    return truth.clip().caption();
  }

  long seed() {
    return truth.clip().world().seed();
  }

  double historySeconds() {
    return (double) Autoencoding.pictures(given) / CameraPath.FRAMES_PER_SECOND;
  }

  double generatedSeconds() {
    return (double) (truth.frames() - Autoencoding.pictures(given)) / CameraPath.FRAMES_PER_SECOND;
  }

  private double lag() {
    return turnSeconds * (1 - FrameSize.FIELD_OF_VIEW / 360);
  }

  /** True latents chunk by chunk, what the decoder makes of them, and the decoder's states. */
  private record Encoded(
      List<Tensor> latents, List<byte[]> pictures, Map<Integer, DecodeState> states)
      implements AutoCloseable {

    /** A decoder that stands before a chunk, which must be one of those kept. */
    DecodeState decoding(int chunk) {
      return Objects.requireNonNull(states.get(chunk), "no state was kept").fork();
    }

    @Override
    public void close() {
      states.values().forEach(DecodeState::close);
    }
  }

  /**
   * Scores every memory, the ceiling and the floors.
   *
   * @param scores memories in the order of the settings, then ceiling, opposite view, other room
   */
  RevisitPictures measure(VideoModel model, List<RevisitScores> scores, Reporter reporter) {
    var search = new YawSearch(truth);
    int begin = Autoencoding.pictures(given);
    var rows = new ArrayList<RevisitPictures.Row>();
    try (var scope = Scope.open();
        var encoded = encode(model)) {
      rows.add(row("truth", truth.frames(begin, truth.frames())));
      int memories = settings.memories().size();
      for (int i = 0; i < memories; i++) {
        long begun = System.nanoTime();
        var score = scores.get(i);
        var pictures = generate(model, score.name(), encoded);
        score(score, search, pictures);
        rows.add(row(score.name(), pictures));
        peek(model, score, encoded);
        reporter.say(
            String.format(
                Locale.ROOT,
                "  %s: %.1f dB aligned, newest columns %.1f dB (%.0f s)",
                score.name(),
                score.worldRow(number).returned().aligned(),
                score.worldRow(number).newest().psnr(),
                (System.nanoTime() - begun) / 1e9));
      }
      var reconstructed = encoded.pictures();
      var opposite =
          IntStream.range(0, truth.frames()).mapToObj(k -> truth.view(truth.yaw(k) + 180)).toList();
      var others = other.frames(0, truth.frames());
      rows.add(row(CEILING, reconstructed.subList(begin, truth.frames())));
      var references = List.of(reconstructed, opposite, others);
      for (int i = 0; i < references.size(); i++) {
        var score = scores.get(memories + i);
        var pictures = references.get(i);
        score(score, search, pictures.subList(begin, pictures.size()));
        for (int chunk : moments()) {
          int first = Autoencoding.pictures(chunk);
          int end = Autoencoding.pictures(chunk + 1);
          strip(score, first, pictures.subList(first, end));
        }
      }
    }
    return new RevisitPictures(
        number,
        pictureFrames().stream().map(k -> (double) k / CameraPath.FRAMES_PER_SECOND).toList(),
        rows);
  }

  private Encoded encode(VideoModel model) {
    var latents = new ArrayList<Tensor>();
    var pictures = new ArrayList<byte[]>();
    var states = new HashMap<Integer, DecodeState>();
    var moments = moments();
    try (var autoencoding = new Autoencoding(model)) {
      for (int chunk = 0; chunk < given + generated; chunk++) {
        if (chunk == given || moments.contains(chunk)) {
          states.put(chunk, autoencoding.fork());
        }
        var frames = truth.frames(Autoencoding.pictures(chunk), Autoencoding.pictures(chunk + 1));
        latents.add(autoencoding.encode(frames));
        pictures.addAll(autoencoding.decode(latents.getLast()));
      }
    }
    return new Encoded(latents, pictures, states);
  }

  private List<byte[]> generate(VideoModel model, String memory, Encoded encoded) {
    var pictures = new ArrayList<byte[]>();
    try (var video = continuation(model, memory);
        var decoding = encoded.decoding(given)) {
      encoded.latents().subList(0, given).forEach(video::remember);
      for (int chunk = 0; chunk < generated; chunk++) {
        pictures.addAll(video.next(decoding));
      }
    }
    return pictures;
  }

  /** One chunk at each moment, after a true past. */
  private void peek(VideoModel model, RevisitScores score, Encoded encoded) {
    var moments = moments();
    if (moments.isEmpty()) {
      return;
    }
    try (var video = continuation(model, score.name())) {
      for (int chunk = 0; chunk <= moments.last(); chunk++) {
        if (moments.contains(chunk)) {
          try (var decoding = encoded.decoding(chunk)) {
            strip(score, Autoencoding.pictures(chunk), video.peek(decoding));
          }
        }
        video.remember(encoded.latents().get(chunk));
      }
    }
  }

  private Continuation continuation(VideoModel model, String memory) {
    return new Continuation(model, caption(), MemoryPolicies.parse(memory), number);
  }

  /** Chunks of the second turn, evenly spread. */
  private SortedSet<Integer> moments() {
    var chunks = new TreeSet<Integer>();
    for (int i = 0; i < settings.moments(); i++) {
      chunks.add(given + i * generated / settings.moments());
    }
    return chunks;
  }

  /** Scores pictures that follow on what is given. */
  private void score(RevisitScores score, YawSearch search, List<byte[]> pictures) {
    int begin = Autoencoding.pictures(given);
    double inView = turnSeconds - lag();
    for (int i = SCORE_EVERY - 1; i < pictures.size(); i += SCORE_EVERY) {
      int frame = begin + i;
      double seconds = (i + 1.0) / CameraPath.FRAMES_PER_SECOND;
      var match = search.best(pictures.get(i), truth.yaw(frame));
      score.add(
          new View(
              number,
              lag(),
              seconds,
              seconds >= inView,
              Psnr.between(pictures.get(i), truth.frame(frame)),
              match.psnr(),
              match.offset() * Math.signum(truth.clip().path().speed(frame))));
    }
  }

  /** Scores the columns of a chunk that the picture before it did not show. */
  private void strip(RevisitScores score, int first, List<byte[]> chunk) {
    var psnr = new Psnr();
    int width = truth.footage().size().width();
    for (int i = 0; i < chunk.size(); i++) {
      double turned = truth.yaw(first + i) - truth.yaw(first - 1);
      int columns = (int) Math.min(width, Math.abs(turned) / FrameSize.FIELD_OF_VIEW * width);
      int from = turned > 0 ? width - columns : 0;
      psnr.addColumns(chunk.get(i), truth.frame(first + i), width, from, from + columns);
    }
    if (!psnr.isEmpty()) {
      score.add(new Strip(number, lag(), psnr.decibels()));
    }
  }

  private RevisitPictures.Row row(String name, List<byte[]> pictures) {
    var size = truth.footage().size();
    return new RevisitPictures.Row(
        name,
        pictureFrames().stream()
            .map(k -> new Frame(size.width(), size.height(), pictures.get(k - 1)))
            .toList());
  }

  /** Which pictures are shown, counted from 1 since generation began. */
  private List<Integer> pictureFrames() {
    int all = truth.frames() - Autoencoding.pictures(given);
    return IntStream.rangeClosed(1, PICTURES).mapToObj(i -> i * all / PICTURES).toList();
  }
}
