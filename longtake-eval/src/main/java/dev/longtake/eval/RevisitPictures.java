package dev.longtake.eval;

import dev.longtake.media.Frame;
import java.util.List;

/**
 * What was seen at a few moments of one world.
 *
 * @param world number of the world, from 0
 * @param seconds moments since generation began
 * @param rows what each memory showed, the truth first
 */
public record RevisitPictures(int world, List<Double> seconds, List<Row> rows) {

  /**
   * One row.
   *
   * @param name whose pictures these are
   * @param frames one for each moment
   */
  public record Row(String name, List<Frame> frames) {
    /** Copies the list. */
    public Row {
      frames = List.copyOf(frames);
    }
  }

  /** Copies the lists. */
  public RevisitPictures {
    seconds = List.copyOf(seconds);
    rows = List.copyOf(rows);
  }
}
