package dev.longtake.eval;

import dev.longtake.tensor.Scope;
import java.util.function.Function;

/**
 * How far generated videos are from true ones as pictures, whatever they show: the Fréchet distance
 * that the field takes between features of an Inception network, here between those of the model's
 * own autoencoder.
 *
 * <p>Features are what the encoder makes of pictures, of generated ones too: patches of 2 × 2
 * latents, which a transformer's tokens are made of. The distance sees softness, colours, grain and
 * flicker as far as the encoder does. It does not see where in a picture a patch is, or which
 * patches are together.
 *
 * <p>Numbers can be compared between models that share an autoencoder, and measurements of as many
 * worlds and as long videos: fewer features are further apart by chance.
 *
 * @param method the above in a few sentences
 * @param dimensions numbers of a feature
 * @param features of each set of videos
 * @param quarterFeatures of these, how many are in each quarter
 * @param generated videos against the true clips of the same worlds
 * @param otherWorlds true clips of other held-out worlds against those: the floor, as no caption
 *     says all that is in a room
 * @param reconstructed the true clips through the autoencoder: what decoding alone costs
 * @param flat videos that are the mean of all true patches everywhere: what showing nothing costs
 */
public record LatentFrechet(
    String method,
    int dimensions,
    long features,
    long quarterFeatures,
    Distances generated,
    Distances otherWorlds,
    Distances reconstructed,
    Distances flat) {

  private static final String METHOD =
      "Squared Frechet distance |mu1 - mu2|^2 + Tr(S1 + S2 - 2 (S1 S2)^(1/2)) of Gaussians fitted"
          + " to features of two sets of videos. Features: all patches of 2 x 2 latents (channels"
          + " x 2 x 2 numbers, normalised) that the model's own encoder makes of the pictures,"
          + " streamed, whole chunks; no other network is asked. Everything is compared with the"
          + " true clips of the same worlds: generated; other_worlds (true clips of other held-out"
          + " worlds, their numbers with bit 20 turned); reconstructed (the true clips through the"
          + " autoencoder); flat (the mean true patch everywhere). first_quarter and last_quarter"
          + " compare those parts of the videos with the same parts of the true clips. Compare only"
          + " models with the same autoencoder, on as many worlds of the same length.";

  /**
   * Of a set of videos from the true clips.
   *
   * @param whole of the videos
   * @param firstQuarter of each video, against the same of each true clip
   * @param lastQuarter likewise; larger than the first where videos drift
   */
  public record Distances(double whole, double firstQuarter, double lastQuarter) {

    private static Distances of(LatentFeatures some, LatentFeatures truth) {
      return new Distances(
          between(some, truth, LatentFeatures::whole),
          between(some, truth, LatentFeatures::firstQuarter),
          between(some, truth, LatentFeatures::lastQuarter));
    }

    private static double between(
        LatentFeatures some, LatentFeatures truth, Function<LatentFeatures, GaussianFit> part) {
      try (var scope = Scope.open()) {
        return part.apply(some).fit().frechet(part.apply(truth).fit());
      }
    }

    private static Distances ofFlat(LatentFeatures truth) {
      return new Distances(
          variance(truth.whole()), variance(truth.firstQuarter()), variance(truth.lastQuarter()));
    }

    private static double variance(GaussianFit fit) {
      try (var scope = Scope.open()) {
        return fit.fit().variance();
      }
    }
  }

  /** Compares sets of as many videos, each as long as any other, with the true one. */
  static LatentFrechet of(
      LatentFeatures generated,
      LatentFeatures otherWorlds,
      LatentFeatures reconstructed,
      LatentFeatures truth) {
    return new LatentFrechet(
        METHOD,
        truth.whole().size(),
        truth.whole().count(),
        truth.firstQuarter().count(),
        Distances.of(generated, truth),
        Distances.of(otherWorlds, truth),
        Distances.of(reconstructed, truth),
        Distances.ofFlat(truth));
  }
}
