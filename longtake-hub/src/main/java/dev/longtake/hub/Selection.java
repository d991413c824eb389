package dev.longtake.hub;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Which of a repository's files are wanted.
 *
 * @param paths files, or folders with all that is in them; none for every file
 * @param include patterns, one of which a file must match; none for every file
 * @param exclude patterns, none of which a file may match
 */
public record Selection(List<String> paths, List<Glob> include, List<Glob> exclude) {
  private static final int MOST_LISTED = 8;

  /** Copies the lists. */
  public Selection {
    paths = paths.stream().map(path -> path.replaceFirst("/+$", "")).toList();
    include = List.copyOf(include);
    exclude = List.copyOf(exclude);
  }

  /**
   * The wanted ones, in the given order.
   *
   * @throws HubException if a path is none of them, or none is wanted
   */
  public List<HubFile> of(List<HubFile> files) {
    for (var path : paths) {
      if (files.stream().noneMatch(file -> lies(file, path))) {
        throw new HubException("the repository has no '" + path + "'; it has " + some(files));
      }
    }
    var wanted = files.stream().filter(this::wants).toList();
    if (wanted.isEmpty()) {
      throw new HubException(
          "no file of the repository is left by --include and --exclude; it has " + some(files));
    }
    return wanted;
  }

  private boolean wants(HubFile file) {
    return (paths.isEmpty() || paths.stream().anyMatch(path -> lies(file, path)))
        && (include.isEmpty() || include.stream().anyMatch(glob -> glob.matches(file.path())))
        && exclude.stream().noneMatch(glob -> glob.matches(file.path()));
  }

  private static boolean lies(HubFile file, String path) {
    return file.path().equals(path) || file.path().startsWith(path + "/");
  }

  private static String some(List<HubFile> files) {
    var listed =
        files.stream().limit(MOST_LISTED).map(HubFile::path).collect(Collectors.joining(", "));
    int more = files.size() - MOST_LISTED;
    return more > 0 ? listed + " and " + more + " more" : listed;
  }
}
