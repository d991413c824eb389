package dev.longtake.eval;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where the time goes, from a request to the finished file; in seconds, or as shares of the whole.
 *
 * @param prompt reading the prompt
 * @param recall bringing memory's keys into place
 * @param denoise making latents of noise
 * @param remember the pass over clean latents, and deciding what memory keeps
 * @param decode pictures from latents; if that overlaps with denoising, what the loop waited for
 * @param encode pictures into the MP4
 * @param other everything else: drawing noise, copying, measuring
 */
public record SpeedParts(
    double prompt,
    double recall,
    double denoise,
    double remember,
    double decode,
    double encode,
    double other) {

  /** The sum of several. */
  static SpeedParts sum(Collection<SpeedParts> all) {
    double[] sums = new double[7];
    for (var parts : all) {
      int i = 0;
      for (double part : parts.byName().values()) {
        sums[i++] += part;
      }
    }
    return of(sums);
  }

  /** Each as a share of the whole; they add up to 1. */
  SpeedParts shares() {
    double whole = total();
    return of(byName().values().stream().mapToDouble(part -> part / whole).toArray());
  }

  /** All together. */
  public double total() {
    return prompt + recall + denoise + remember + decode + encode + other;
  }

  /** By the names above, in their order. */
  Map<String, Double> byName() {
    var out = new LinkedHashMap<String, Double>();
    out.put("prompt", prompt);
    out.put("recall", recall);
    out.put("denoise", denoise);
    out.put("remember", remember);
    out.put("decode", decode);
    out.put("encode", encode);
    out.put("other", other);
    return out;
  }

  private static SpeedParts of(double[] p) {
    return new SpeedParts(p[0], p[1], p[2], p[3], p[4], p[5], p[6]);
  }
}
