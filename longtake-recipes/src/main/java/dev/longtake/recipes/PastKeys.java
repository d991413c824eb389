package dev.longtake.recipes;

import dev.longtake.distill.DistillConfig;
import dev.longtake.distill.Given;
import dev.longtake.distill.RolloutLengths;
import dev.longtake.optim.OrElse;
import dev.longtake.rollout.ModelConfig;
import java.util.List;
import java.util.Locale;

/**
 * True videos of the world that rollouts go on from, the key {@code past} of run files: memory then
 * holds true views, and cameras come back to what it holds. Rollouts of Context Forcing's stage 2
 * are the student's own from the first frame on.
 *
 * @param share of the rollouts that go on from a true video, 0 to 1, rehearsals not counted; 0 for
 *     none
 * @param made how many latent frames the student adds, the judged ones included; what is before
 *     them is given
 * @param shown what teacher and critic are shown, as the past of what they judge, of the frames
 *     that the student made: those, the true video's in their place, or stretches of it most like
 *     them
 * @param returning share of those that are drawn among the videos whose camera looks again, in a
 *     judged chunk, at something that memory holds and the picture had left, 0 to 1; the others,
 *     and these where no video does so there, are drawn from all
 * @param videos how many worlds are filmed before the first step, one clip each, as long as the
 *     longest rollout, with {@code likest} a little longer
 * @param together how many are encoded at once
 */
public record PastKeys(
    @OrElse("0") double share,
    @OrElse("{from: 21, to: 21, every: 3, over: 1}") RolloutLengths made,
    @OrElse("likest") Given.Shown shown,
    @OrElse("0") double returning,
    @OrElse("0") int videos,
    @OrElse("30") int together) {
  /** Every rollout is the student's own from the first frame on. */
  static final PastKeys NONE =
      new PastKeys(0, RolloutLengths.always(21), Given.Shown.LIKEST, 0, 0, 30);

  /** Checks the ranges. */
  public PastKeys {
    if (!(share >= 0 && share <= 1) || !(returning >= 0 && returning <= 1)) {
      throw new IllegalArgumentException(
          "past.share and past.returning must be 0 to 1, not " + share + " and " + returning);
    }
    if (share == 0 && (returning != 0 || videos != 0)) {
      throw new IllegalArgumentException(
          "past.share is 0, so that no rollout goes on from a true video; give a share, or take"
              + " past out of the run file");
    }
    if (share > 0 && (videos < 1 || together < 1)) {
      throw new IllegalArgumentException(
          "past.videos and past.together must be at least 1 where rollouts go on from true videos,"
              + " not "
              + videos
              + " and "
              + together);
    }
  }

  /** Whether no rollout goes on from a true video. */
  boolean isNone() {
    return share == 0;
  }

  /**
   * Checks that there are rollouts to go on, and their lengths.
   *
   * @throws IllegalArgumentException with the remedy
   */
  void check(DistillConfig matching) {
    if (!isNone() && matching.rehearsal().share() == 1) {
      throw new IllegalArgumentException(
          "matching.rehearsal.share is 1, so that no rollout goes on from a true video; give less, or"
              + " take past out of the run file");
    }
    int shortest = matching.lengths().from();
    if (!isNone() && (made.from() < matching.window() || made.to() >= shortest)) {
      throw new IllegalArgumentException(
          "past.made is "
              + made.from()
              + " to "
              + made.to()
              + " latent frames; give at least the judged "
              + matching.window()
              + " and less than the shortest rollout, "
              + shortest);
    }
  }

  /**
   * The worlds that are filmed.
   *
   * @param ahead latent frames that films are longer than the longest rollout
   */
  TrainingRun.FootageStage footage(StudentKeys student, DistillConfig matching, int ahead) {
    return new TrainingRun.FootageStage(
        videos, matching.lengths().to() + ahead, together, List.of(student.memory()), 0);
  }

  /** Latent frames that films are longer than rollouts, of whole chunks. */
  int ahead(int made) {
    return Math.ceilDiv(shown.ahead(made), ModelConfig.CHUNK) * ModelConfig.CHUNK;
  }

  /**
   * What rollouts are made of, in words.
   *
   * @param prompts the same of those that do not go on from a true video
   * @param rehearsalShare share of rehearsals in all rollouts, which begin with nothing
   */
  String data(String prompts, double rehearsalShare) {
    if (isNone()) {
      return prompts;
    }
    var films = "after the beginnings of videos of training worlds 0 to " + (videos - 1);
    double given = share * (1 - rehearsalShare);
    return given == 1
        ? films
        : String.format(
            Locale.ROOT,
            "%s; %s in a share of %s",
            prompts,
            films,
            Math.round(100 * given) / 100.0);
  }

  /**
   * Refuses devices that would have nothing to go on from.
   *
   * @throws IllegalArgumentException with the remedy
   */
  void requireEach(int devices) {
    if (!isNone()) {
      WorldFootage.Share.requireEach("past.videos", videos, devices);
    }
  }

  /** With so few worlds that they are filmed in a moment. */
  PastKeys few() {
    int few = Math.min(TrainingRun.FEW_VIDEOS, videos);
    return new PastKeys(share, made, shown, returning, few, Math.min(few, together));
  }
}
