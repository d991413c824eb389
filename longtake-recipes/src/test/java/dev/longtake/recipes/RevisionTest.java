package dev.longtake.recipes;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RevisionTest {
  private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  @TempDir private Path folder;

  @Test
  void theCommitIsThatOfTheGivenFolder() throws Exception {
    var git = folder.resolve(".git");
    Files.createDirectories(git.resolve("objects"));
    Files.createDirectories(git.resolve("refs/heads"));
    Files.writeString(git.resolve("HEAD"), "ref: refs/heads/main\n");
    Files.writeString(git.resolve("refs/heads/main"), COMMIT + "\n");
    assertThat(Revision.in(folder)).isEqualTo(COMMIT);
  }

  @Test
  void aFolderWithoutACommitHasNone() throws Exception {
    var git = folder.resolve(".git"); // a repository of its own, whatever lies above
    Files.createDirectories(git.resolve("objects"));
    Files.createDirectories(git.resolve("refs/heads"));
    Files.writeString(git.resolve("HEAD"), "ref: refs/heads/main\n");
    assertThat(Revision.in(folder)).isEmpty();
    assertThat(Revision.in(folder.resolve("absent"))).isEmpty();
  }
}
