package dev.longtake.eval;

import dev.longtake.eval.Revisit.Newest;
import dev.longtake.eval.Revisit.Row;
import dev.longtake.eval.Revisit.Views;
import java.util.ArrayList;
import java.util.List;

/** Gathers the scores of one row of the memory report, over all worlds. */
final class RevisitScores {

  /**
   * A generated picture against the truth.
   *
   * @param world number of the world
   * @param lag seconds for which this view was out of sight
   * @param seconds since generation began
   * @param returned whether all that was in view when generation began has left it
   * @param raw PSNR at the expected yaw, dB
   * @param aligned PSNR at the best yaw, dB
   * @param yawError degrees from the expected to the best yaw, positive if ahead of the pan
   */
  record View(
      int world,
      double lag,
      double seconds,
      boolean returned,
      double raw,
      double aligned,
      double yawError) {}

  /**
   * The newest columns of a chunk generated after a true past.
   *
   * @param world number of the world
   * @param lag seconds for which they were out of sight
   * @param psnr dB
   */
  record Strip(int world, double lag, double psnr) {}

  private final String name;
  private final Revisit.Kind kind;
  private final List<View> views = new ArrayList<>();
  private final List<Strip> strips = new ArrayList<>();

  RevisitScores(String name, Revisit.Kind kind) {
    this.name = name;
    this.kind = kind;
  }

  void add(View view) {
    views.add(view);
  }

  void add(Strip strip) {
    strips.add(strip);
  }

  String name() {
    return name;
  }

  /** Everything averaged. */
  Row row() {
    var returned = views.stream().filter(View::returned).toList();
    return new Row(
        name,
        kind,
        average(0, 0, returned),
        Bins.LAG.sort(returned, View::lag).stream()
            .map(bin -> average(bin.from(), bin.to(), bin.values()))
            .toList(),
        Bins.SECONDS.sort(views, View::seconds).stream()
            .map(bin -> average(bin.from(), bin.to(), bin.values()))
            .toList(),
        newest(0, 0, strips),
        Bins.LAG.sort(strips, Strip::lag).stream()
            .map(bin -> newest(bin.from(), bin.to(), bin.values()))
            .toList());
  }

  /** One world's share of the row. */
  Revisit.WorldRow worldRow(int world) {
    var own = views.stream().filter(view -> view.world() == world && view.returned()).toList();
    var ownStrips = strips.stream().filter(strip -> strip.world() == world).toList();
    return new Revisit.WorldRow(name, average(0, 0, own), newest(0, 0, ownStrips));
  }

  private static Views average(double from, double to, List<View> views) {
    return new Views(
        from,
        to,
        views.size(),
        views.stream().mapToDouble(View::raw).average().orElse(0),
        views.stream().mapToDouble(View::aligned).average().orElse(0),
        views.stream().mapToDouble(view -> Math.abs(view.yawError())).average().orElse(0),
        views.stream().mapToDouble(View::yawError).average().orElse(0));
  }

  private static Newest newest(double from, double to, List<Strip> strips) {
    return new Newest(
        from, to, strips.size(), strips.stream().mapToDouble(Strip::psnr).average().orElse(0));
  }
}
