package dev.longtake.eval;

import java.util.List;

/**
 * Several runs in a few numbers.
 *
 * @param loopFramesPerSecond of transformer and decoder, chunk after chunk, all runs together
 * @param endToEndFramesPerSecond from the request to the finished MP4, all runs together
 * @param firstFrameSeconds from the request to the first pictures, median of the runs
 * @param medianChunkSeconds from noise to pictures, each run's first chunk left out; 0 of none
 * @param slowChunkSeconds the 99th percentile of the same
 * @param peakResidentMegabytes the most memory of the whole process so far, loading included, 10^6
 *     bytes; 0 if the system does not tell
 * @param peakDeviceMegabytes the most that tensors took on the GPU during the runs; 0 without one
 * @param shares where the time goes, adding up to 1
 */
public record SpeedSummary(
    double loopFramesPerSecond,
    double endToEndFramesPerSecond,
    double firstFrameSeconds,
    double medianChunkSeconds,
    double slowChunkSeconds,
    double peakResidentMegabytes,
    double peakDeviceMegabytes,
    SpeedParts shares) {

  /** Of at least one run. */
  static SpeedSummary of(List<SpeedRun> runs, double peakResident, double peakDevice) {
    double frames = runs.stream().mapToLong(SpeedRun::frames).sum();
    double[] firsts = runs.stream().mapToDouble(SpeedRun::firstFrameSeconds).sorted().toArray();
    double[] chunks =
        runs.stream()
            .flatMap(run -> run.chunkSeconds().stream().skip(1))
            .mapToDouble(Double::doubleValue)
            .sorted()
            .toArray();
    return new SpeedSummary(
        frames / runs.stream().mapToDouble(SpeedRun::loopSeconds).sum(),
        frames / runs.stream().mapToDouble(SpeedRun::seconds).sum(),
        percentile(firsts, 50),
        percentile(chunks, 50),
        percentile(chunks, 99),
        peakResident,
        peakDevice,
        SpeedParts.sum(runs.stream().map(SpeedRun::parts).toList()).shares());
  }

  /** The smallest value that so many percent of all do not exceed; 0 of none. */
  static double percentile(double[] sorted, double percent) {
    if (sorted.length == 0) {
      return 0;
    }
    int rank = (int) Math.ceil(percent / 100 * sorted.length);
    return sorted[Math.clamp(rank - 1, 0, sorted.length - 1)];
  }
}
