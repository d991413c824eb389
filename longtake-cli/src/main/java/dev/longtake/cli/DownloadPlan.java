package dev.longtake.cli;

import dev.longtake.hub.Download;
import dev.longtake.hub.Download.State;
import dev.longtake.hub.HubException;
import dev.longtake.hub.HubFile;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What is to be downloaded and what is here already.
 *
 * @param files how much of each is here, in the order of the repository
 * @param missing bytes that are still to come
 */
record DownloadPlan(Map<HubFile, State> files, long missing) {

  /** Looks what is here. */
  static DownloadPlan of(Download download, List<HubFile> wanted) {
    Map<HubFile, State> files = new LinkedHashMap<>();
    long missing = 0;
    for (var file : wanted) {
      var state = download.state(file);
      files.put(file, state);
      missing += state == State.WHOLE ? 0 : file.size() - download.present(file);
    }
    return new DownloadPlan(files, missing);
  }

  /** The files that are still to come. */
  List<HubFile> wanted() {
    return files.keySet().stream().filter(file -> files.get(file) != State.WHOLE).toList();
  }

  /** All files' bytes. */
  long bytes() {
    return files.keySet().stream().mapToLong(HubFile::size).sum();
  }

  /**
   * Refuses to replace what someone may want.
   *
   * @throws HubException naming the first file that is here with another content
   */
  void requireNothingReplaced(Path folder) {
    files.forEach(
        (file, state) -> {
          if (state == State.DIFFERENT) {
            throw new HubException(
                folder.resolve(file.path())
                    + " is another file than the repository's; give --force to replace it, or"
                    + " another --out");
          }
        });
  }

  /** A line for a file. */
  String line(HubFile file) {
    var note =
        switch (files.getOrDefault(file, State.WANTED)) {
          case WHOLE -> "  (here already)";
          case DIFFERENT -> "  (another file is here)";
          case WANTED -> "";
        };
    return String.format(Locale.ROOT, "%9s  %s%s", ByteCount.words(file.size()), file.path(), note);
  }
}
