package dev.longtake.distill;

/**
 * Rollouts of the judged window alone, from nothing on, among the longer ones: what an earlier
 * stage taught of how videos begin, so that it is not forgotten. There is no past in them that a
 * guided score could be wrong about, so that they may be guided more than the others.
 *
 * @param share of the rollouts, 0 to 1
 * @param guidance the teacher's about them: {@code u + guidance·(c − u)}; 1 is none
 */
public record Rehearsal(double share, double guidance) {
  /** No rollout is one. */
  public static final Rehearsal NONE = new Rehearsal(0, 1);

  /** Checks the ranges. */
  public Rehearsal {
    if (!(share >= 0 && share <= 1) || !(guidance >= 1)) {
      throw new IllegalArgumentException(
          "rehearsal.share must be 0 to 1 and rehearsal.guidance at least 1, not "
              + share
              + " and "
              + guidance);
    }
  }
}
