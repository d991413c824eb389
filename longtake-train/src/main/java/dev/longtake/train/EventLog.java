package dev.longtake.train;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is in an {@link EventFile}, or in another program's that holds scalars as plain values.
 *
 * @param sessions in the order of the file; several where a run was started again within the second
 *     that names the file
 * @param cutShort whether the file ends within an entry, as that of a killed run may; the entries
 *     before it are whole
 */
public record EventLog(List<Session> sessions, boolean cutShort) {

  /**
   * What was logged from a start of the run on.
   *
   * @param began seconds since 1970
   * @param entries as they were logged
   */
  public record Session(double began, List<Entry> entries) {
    /** Copies the list. */
    public Session {
      entries = List.copyOf(entries);
    }
  }

  /**
   * One call of {@link EventFile#scalars}.
   *
   * @param time seconds since 1970
   * @param step from 0
   * @param scalars by tag, in the order in which they were logged
   */
  public record Entry(double time, long step, Map<String, Float> scalars) {
    /** Copies the map, in its order. */
    public Entry {
      scalars = Collections.unmodifiableMap(new LinkedHashMap<>(scalars));
    }
  }

  /** Copies the list. */
  public EventLog {
    sessions = List.copyOf(sessions);
  }

  /**
   * Reads a file, which may still be written to.
   *
   * @throws TrainingException if it cannot be read, a checksum is wrong or it holds no events
   */
  public static EventLog read(Path file) {
    return new EventReader(file).read();
  }
}
