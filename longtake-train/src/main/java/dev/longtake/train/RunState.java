package dev.longtake.train;

import java.util.List;

/**
 * Everything that a run continues from.
 *
 * @param step the next step, from 0
 * @param parts its networks, of different names, saved as one so that no crash parts them
 */
public record RunState(long step, List<SavedPart> parts) {

  /** Copies the list. */
  public RunState {
    parts = List.copyOf(parts);
  }
}
