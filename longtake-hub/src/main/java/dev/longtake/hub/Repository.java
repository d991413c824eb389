package dev.longtake.hub;

import java.util.regex.Pattern;

/**
 * A repository of files at one of its versions.
 *
 * @param name {@code OWNER/NAME}
 * @param revision a branch, a tag or a commit
 */
public record Repository(String name, String revision) {
  private static final Pattern NAME = Pattern.compile("[\\w.-]{1,96}/[\\w.-]{1,96}");
  private static final Pattern REVISION = Pattern.compile("[\\w./-]{1,200}");

  /**
   * Checks both.
   *
   * @throws IllegalArgumentException if one of them has no such form
   */
  public Repository {
    if (!NAME.matcher(name).matches() || name.contains("..")) {
      throw new IllegalArgumentException(
          "'" + name + "' is no repository; give OWNER/NAME, such as Wan-AI/Wan2.1-T2V-1.3B");
    }
    if (!REVISION.matcher(revision).matches() || revision.contains("..")) {
      throw new IllegalArgumentException(
          "'" + revision + "' is no revision; give a branch, a tag or a commit, such as main");
    }
  }

  /** The revision as one segment of an address. */
  String revisionSegment() {
    return revision.replace("/", "%2F");
  }

  /** The name without its owner. */
  public String shortName() {
    return name.substring(name.indexOf('/') + 1);
  }
}
