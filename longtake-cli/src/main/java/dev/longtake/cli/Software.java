package dev.longtake.cli;

import dev.longtake.checkpoint.Manifest;
import java.util.Optional;
import picocli.CommandLine.IVersionProvider;

/** Which Longtake this is. */
final class Software implements IVersionProvider {

  /** The version as the jar's manifest has it; "development" when run from class files. */
  static String version() {
    return Optional.ofNullable(Software.class.getPackage().getImplementationVersion())
        .orElse("development");
  }

  /** Name and version, for the metadata of files. */
  static String nameAndVersion() {
    return "longtake " + version();
  }

  @Override
  public String[] getVersion() {
    return new String[] {
      nameAndVersion(), "Java " + Runtime.version() + ", " + Manifest.versionsHere().get("os"),
    };
  }
}
