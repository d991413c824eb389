package dev.longtake.data;

/** What to do about shards that are damaged or gone when their folder is written to again. */
public enum Damaged {
  /** Name the first and stop. */
  REFUSE,
  /** Delete them; their examples are made anew. */
  DELETE
}
