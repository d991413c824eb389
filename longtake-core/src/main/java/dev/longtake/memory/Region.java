package dev.longtake.memory;

/**
 * The part of memory a frame stands in. The order is that of memory itself: what stands in an
 * earlier region is older.
 */
public enum Region {
  /** The first frames of the video, held for good. */
  SINK,
  /** Single frames from further back, chosen. */
  SLOW,
  /** The latest frames without a gap; policies that choose nothing hold all they hold here. */
  FAST
}
