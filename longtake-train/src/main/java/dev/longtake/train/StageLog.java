package dev.longtake.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What a stage logged, from its start to where it is: the event files of its folder as one. A run
 * that goes on takes the steps after its checkpoint again; those replace what was logged of them
 * before.
 *
 * @param began when the first step was prepared, seconds since 1970
 * @param seconds from starts to the last entries that stay, pauses between left out; what was
 *     logged and replaced is not counted
 * @param resumed the last logged step before each time that the stage went on, ascending
 * @param entries by ascending step
 * @param cutShort the files that end within an entry, as those of killed runs may
 */
public record StageLog(
    double began,
    double seconds,
    List<Long> resumed,
    List<EventLog.Entry> entries,
    List<Path> cutShort) {

  /** Copies the lists. */
  public StageLog {
    resumed = List.copyOf(resumed);
    entries = List.copyOf(entries);
    cutShort = List.copyOf(cutShort);
  }

  /**
   * Reads all event files of a folder.
   *
   * @return without entries, if nothing was logged
   * @throws TrainingException as {@link EventLog#read} does
   */
  public static StageLog read(Path folder) {
    var sessions = new ArrayList<EventLog.Session>();
    var cutShort = new ArrayList<Path>();
    for (var file : eventFiles(folder)) {
      var log = EventLog.read(file);
      sessions.addAll(log.sessions());
      if (log.cutShort()) {
        cutShort.add(file);
      }
    }
    sessions.removeIf(session -> session.entries().isEmpty());
    sessions.sort(Comparator.comparingDouble(EventLog.Session::began));
    return joined(sessions, cutShort);
  }

  private static List<Path> eventFiles(Path folder) {
    try (var files = Files.newDirectoryStream(folder, "events.out.tfevents.*")) {
      var found = new ArrayList<Path>();
      files.forEach(found::add);
      found.sort(Comparator.naturalOrder());
      return found;
    } catch (IOException e) {
      throw new TrainingException(
          "cannot list " + folder + " (" + e + "); see that it is a folder and may be read");
    }
  }

  private static StageLog joined(List<EventLog.Session> sessions, List<Path> cutShort) {
    double seconds = 0;
    var resumed = new ArrayList<Long>();
    var entries = new ArrayList<EventLog.Entry>();
    long until = Long.MAX_VALUE; // the first step of what comes later
    for (var session : sessions.reversed()) {
      long end = until;
      var staying = session.entries().stream().filter(entry -> entry.step() < end).toList();
      if (staying.isEmpty()) {
        continue;
      }
      if (until != Long.MAX_VALUE) {
        resumed.addFirst(staying.getLast().step());
      }
      seconds += staying.getLast().time() - session.began();
      entries.addAll(0, staying);
      until = staying.getFirst().step();
    }
    double began = sessions.isEmpty() ? 0 : sessions.getFirst().began();
    return new StageLog(began, seconds, resumed, entries, cutShort);
  }
}
