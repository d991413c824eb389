package dev.longtake.eval;

import dev.longtake.world.FrameSize;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Finds where in a true panorama a picture was taken: the yaw within {@link #REACH} of the expected
 * one whose view differs least from it.
 *
 * <p>A model that turns a little too slowly shows the right room at the wrong moment, and the error
 * adds up. Comparison at the expected yaw calls that a failure of memory; comparison at the best
 * yaw tells the two apart. Since the best of many views fits even an unrelated picture better than
 * one view does, aligned scores must be read beside an aligned floor.
 *
 * <p>First every fourth column is tried on pictures reduced by four, then the neighbourhoods of the
 * three best are searched down to a quarter of a column.
 */
final class YawSearch {
  /** Farthest yaw from the expected one, degrees. */
  static final double REACH = 60;

  private static final int FACTOR = 4;
  private static final int CANDIDATES = 3;
  private static final double[] FINER = {0.5, 0.25};

  private final Truth truth;
  private final FrameSize size;
  private final float[] turn; // reduced rows of a whole turn, from yaw 0 on

  /**
   * Where a picture fits best.
   *
   * @param offset degrees from the expected yaw, positive to the right
   * @param psnr dB against the view there
   */
  record Match(double offset, double psnr) {}

  private record Candidate(int column, double error) {}

  YawSearch(Truth truth) {
    this.truth = truth;
    size = truth.footage().size();
    if (size.width() % FACTOR != 0 || size.height() % FACTOR != 0) {
      throw new IllegalArgumentException("a frame of " + size + " cannot be reduced by " + FACTOR);
    }
    int columns = size.width() / FACTOR;
    int rows = size.height() / FACTOR;
    int views = views();
    turn = new float[3 * columns * views * rows];
    for (int view = 0; view < views; view++) {
      double middle = (view + 0.5) * FrameSize.FIELD_OF_VIEW;
      var part = reduced(truth.view(middle));
      for (int row = 0; row < rows; row++) {
        int to = 3 * columns * (row * views + view);
        System.arraycopy(part, 3 * columns * row, turn, to, 3 * columns);
      }
    }
  }

  private static int views() {
    return (int) Math.round(360 / FrameSize.FIELD_OF_VIEW);
  }

  /** Finds the best view of a picture that should have been taken at a yaw, degrees. */
  Match best(byte[] picture, double expected) {
    double degrees = FrameSize.FIELD_OF_VIEW / size.width(); // to a column
    double left = (expected - FrameSize.FIELD_OF_VIEW / 2) / degrees;
    Match best = new Match(0, Psnr.between(picture, truth.view(expected)));
    for (var candidate : candidates(reduced(picture), left, REACH / degrees)) {
      double around = (candidate.column() * FACTOR - left) * degrees;
      for (int step = -FACTOR; step <= FACTOR; step++) {
        best = better(best, picture, expected, around + step * degrees);
      }
    }
    for (double part : FINER) {
      double around = best.offset();
      best = better(best, picture, expected, around - part * degrees);
      best = better(best, picture, expected, around + part * degrees);
    }
    return best;
  }

  private Match better(Match best, byte[] picture, double expected, double offset) {
    if (Math.abs(offset) > REACH) {
      return best;
    }
    double psnr = Psnr.between(picture, truth.view(expected + offset));
    return psnr > best.psnr() ? new Match(offset, psnr) : best;
  }

  /** Reduced columns at which the reduced picture fits best, none next to another. */
  private List<Candidate> candidates(float[] picture, double left, double reach) {
    int first = (int) Math.ceil((left - reach) / FACTOR);
    int last = (int) Math.floor((left + reach) / FACTOR);
    var all = new ArrayList<Candidate>();
    for (int column = first; column <= last; column++) {
      all.add(new Candidate(column, error(picture, column)));
    }
    all.sort(Comparator.comparingDouble(Candidate::error));
    var chosen = new ArrayList<Candidate>();
    for (var candidate : all) {
      boolean apart = chosen.stream().allMatch(c -> Math.abs(c.column() - candidate.column()) > 1);
      if (apart && chosen.size() < CANDIDATES) {
        chosen.add(candidate);
      }
    }
    return chosen;
  }

  private double error(float[] picture, int column) {
    int columns = size.width() / FACTOR;
    int around = columns * views();
    double sum = 0;
    for (int row = 0; row < size.height() / FACTOR; row++) {
      for (int x = 0; x < columns; x++) {
        int at = 3 * (row * columns + x);
        int in = 3 * (row * around + Math.floorMod(column + x, around));
        for (int c = 0; c < 3; c++) {
          float difference = picture[at + c] - turn[in + c];
          sum += difference * difference;
        }
      }
    }
    return sum;
  }

  /** Sums over squares of pixels; their scale does not matter. */
  private float[] reduced(byte[] rgb) {
    int columns = size.width() / FACTOR;
    var out = new float[rgb.length / (FACTOR * FACTOR)];
    for (int y = 0; y < size.height(); y++) {
      for (int x = 0; x < size.width(); x++) {
        int to = 3 * (y / FACTOR * columns + x / FACTOR);
        int from = 3 * (y * size.width() + x);
        for (int c = 0; c < 3; c++) {
          out[to + c] += rgb[from + c] & 0xff;
        }
      }
    }
    return out;
  }
}
