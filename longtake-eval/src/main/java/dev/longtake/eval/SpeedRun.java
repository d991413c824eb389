package dev.longtake.eval;

import java.util.List;

/**
 * One video, timed.
 *
 * @param frames pictures made
 * @param seconds from the request to the finished file
 * @param firstFrameSeconds from the request to the first pictures
 * @param parts where the seconds went
 * @param hiddenDecodeSeconds how long was decoded beside other parts, 0 without overlap
 * @param chunkSeconds of each chunk, from noise to pictures; with overlap from noise to the
 *     pictures of the chunk before, the last one to its own
 * @param megabytes resident memory when 1, 2, 3 ... s of video were made, 10^6 bytes
 */
public record SpeedRun(
    long frames,
    double seconds,
    double firstFrameSeconds,
    SpeedParts parts,
    double hiddenDecodeSeconds,
    List<Double> chunkSeconds,
    List<Double> megabytes) {

  /** Copies the lists. */
  public SpeedRun {
    chunkSeconds = List.copyOf(chunkSeconds);
    megabytes = List.copyOf(megabytes);
  }

  /** Time of all chunks: transformer and decoder, without prompt and MP4. */
  public double loopSeconds() {
    return chunkSeconds.stream().mapToDouble(Double::doubleValue).sum();
  }
}
