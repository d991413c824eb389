package dev.longtake.recipes;

import dev.longtake.distill.Beginnings;
import dev.longtake.distill.DistillConfig;
import dev.longtake.distill.Given;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.Footage;
import dev.longtake.world.Clip;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Beginnings of the world's videos: one device's share.
 *
 * @param keys how often and how much is given
 * @param films the videos
 * @param captions what each shows within the longest rollout
 * @param prompts reads them
 * @param window latent frames that are judged, the last of a rollout
 */
record FilmedBeginnings(
    PastKeys keys, Footage films, List<String> captions, TextPrompts prompts, int window)
    implements Beginnings, AutoCloseable {
  private static final int CHUNK = ModelConfig.CHUNK;

  /**
   * Films and encodes a share.
   *
   * @param share of the device, with a video at least
   * @throws java.util.concurrent.CancellationException if the run is told to leave off meanwhile
   */
  static FilmedBeginnings of(
      PastKeys keys,
      StudentKeys student,
      DistillConfig matching,
      ModelConfig config,
      TextPrompts prompts,
      WorldFootage.Share share,
      Dtype dtype,
      Workplace place) {
    var stage = keys.footage(student, matching, keys.ahead(keys.made().to()));
    if (share.rank() == 0) {
      place.watcher().said("filming and encoding " + stage.videos() + " worlds");
    }
    var told = keys.footage(student, matching, 0);
    var captions = WorldFootage.clips(told, config, share).stream().map(Clip::caption).toList();
    var films =
        WorldFootage.film(
            stage,
            Path.of(student.from()),
            config,
            share,
            WorldFootage.What.WHOLE,
            dtype,
            prompts.device(),
            place);
    return new FilmedBeginnings(keys, films, captions, prompts, matching.window());
  }

  @Override
  public int frames(SplittableRandom shared, long step, int frames) {
    return shared.nextDouble() < keys.share() ? frames - keys.made().draw(step, shared) : 0;
  }

  @Override
  public Beginning draw(SplittableRandom random, int count, int given, int frames) {
    int[] returning =
        IntStream.range(0, films.videos()).filter(video -> comesBack(video, frames)).toArray();
    int[] drawn = IntStream.range(0, count).map(i -> video(random, returning)).toArray();
    try (var scope = Scope.open()) {
      long[] rows = IntStream.of(drawn).asLongStream().toArray();
      var videos =
          films
              .latents()
              .gatherRows(0, Tensor.of(rows, count).to(films.latents().device()))
              .narrow(1, 0, frames + keys.ahead(frames - given))
              .permute(0, 2, 1, 3, 4)
              .to(Dtype.FLOAT32)
              .contiguous();
      var states = prompts.states(IntStream.of(drawn).mapToObj(captions::get).toList());
      return new Beginning(new Given(scope.keep(videos), given, keys.shown()), scope.keep(states));
    }
  }

  private int video(SplittableRandom random, int[] returning) {
    boolean back = random.nextDouble() < keys.returning() && returning.length > 0;
    return back ? returning[random.nextInt(returning.length)] : random.nextInt(films.videos());
  }

  /** Whether a judged chunk of a rollout of that length shows again what had left the picture. */
  private boolean comesBack(int video, int frames) {
    return films.traces().get(video).getFirst().comebacks().stream()
        .anyMatch(chunk -> chunk * CHUNK >= frames - window && chunk * CHUNK < frames);
  }

  @Override
  public void close() {
    films.close();
  }
}
