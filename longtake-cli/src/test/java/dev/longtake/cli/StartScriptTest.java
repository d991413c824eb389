package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The script {@code longtake}, in a folder that looks like this repository, with a JDK and a Maven
 * that write down how they were called.
 */
@DisabledOnOs(OS.WINDOWS)
class StartScriptTest {
  private static final List<String> TOOLS =
      List.of(
          "sh",
          "sed",
          "dirname",
          "readlink",
          "grep",
          "find",
          "head",
          "cat",
          "stty",
          "cut",
          "touch",
          "mkdir",
          "ln",
          "rm",
          "sleep");
  private static final String BUILD =
      """
      #!/bin/sh
      echo "mvn $*" >>"%1$s/calls"
      mkdir -p longtake-cli/target
      echo "$PWD/longtake-core/target/core.jar:/libs/some.jar" >longtake-cli/target/classpath.txt
      echo >longtake-cli/target/longtake.jar
      """;
  private static final String JAVA =
      """
      #!/bin/sh
      printf '%%s\\n' "$@" >"%1$s/java"
      exit 7
      """;

  @TempDir private Path folder;
  private Path home;
  private Path tools;

  private record Ended(int code, List<String> err) {}

  @BeforeEach
  void lookLikeTheRepository() throws IOException {
    folder = folder.toRealPath();
    home = Files.createDirectory(folder.resolve("long take"));
    tools = Files.createDirectory(folder.resolve("tools"));
    for (var tool : TOOLS) {
      executable(tools.resolve(tool), "#!/bin/sh\nexec %s \"$@\"\n".formatted(located(tool)));
    }
    Files.copy(repository().resolve("longtake"), home.resolve("longtake"));
    Files.writeString(home.resolve("pom.xml"), "");
    Files.createDirectories(home.resolve("longtake-core/src/main/java"));
    Files.writeString(home.resolve("longtake-core/src/main/java/A.java"), "");
    var jdk = Files.createDirectories(folder.resolve("jdk/bin"));
    executable(jdk.resolve("java"), JAVA.formatted(folder));
    executable(jdk.resolve("javac"), "");
    Files.writeString(folder.resolve("jdk/release"), "JAVA_VERSION=\"25.0.1\"\n");
  }

  @Test
  void passesArgumentsOnAsTheyAre() throws Exception {
    executable(tools.resolve("mvn"), BUILD.formatted(folder));

    var ended = run(home.resolve("longtake"), "generate", "a red  cube", "--out", "x y.mp4");

    assertThat(ended.code()).isEqualTo(7);
    assertThat(javaArguments())
        .endsWith("dev.longtake.cli.Main", "generate", "a red  cube", "--out", "x y.mp4")
        .contains(
            "--enable-native-access=ALL-UNNAMED",
            "-Dlongtake.home=" + home,
            "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
            "-Dorg.bytedeco.javacpp.maxbytes=0",
            home
                + "/longtake-cli/target/longtake.jar:"
                + home
                + "/longtake-core/target/core.jar"
                + ":/libs/some.jar");
  }

  @Test
  void findsItsFolderThroughLinks() throws Exception {
    executable(tools.resolve("mvn"), BUILD.formatted(folder));
    var elsewhere = Files.createDirectory(folder.resolve("bin"));
    Files.createSymbolicLink(elsewhere.resolve("first"), Path.of("../long take/longtake"));
    Files.createSymbolicLink(elsewhere.resolve("second"), elsewhere.resolve("first"));

    run(elsewhere.resolve("second"), "world");

    assertThat(javaArguments()).contains("-Dlongtake.home=" + home);
  }

  @Test
  void buildsOnceAndAgainWhenASourceIsNewer() throws Exception {
    executable(tools.resolve("mvn"), BUILD.formatted(folder));
    var source = home.resolve("longtake-core/src/main/java/A.java");

    var first = run(home.resolve("longtake"));
    var second = run(home.resolve("longtake"));
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(60)));
    var third = run(home.resolve("longtake"));

    assertThat(first.err()).containsExactly("longtake: building Longtake once…");
    assertThat(second.err()).isEmpty();
    assertThat(third.err()).containsExactly("longtake: building Longtake once…");
    assertThat(Files.readAllLines(folder.resolve("calls"))).hasSize(2);
  }

  @Test
  void buildsAgainWhenTheFolderHasMoved() throws Exception {
    executable(tools.resolve("mvn"), BUILD.formatted(folder));
    run(home.resolve("longtake"));
    home = Files.move(home, folder.resolve("moved"));

    var ended = run(home.resolve("longtake"));

    assertThat(ended.err()).containsExactly("longtake: building Longtake once…");
    assertThat(javaArguments()).anyMatch(word -> word.contains("moved/longtake-core/target"));
  }

  @Test
  void buildsAgainWithOtherArgumentsAndKeepsThemUntilOthersAreGiven() throws Exception {
    executable(tools.resolve("mvn"), BUILD.formatted(folder));

    run(home.resolve("longtake"));
    run(Map.of("LONGTAKE_MVN_ARGS", "-Pcuda -o"), home.resolve("longtake"));
    run(Map.of("LONGTAKE_MVN_ARGS", "-Pcuda -o"), home.resolve("longtake"));
    var kept = run(home.resolve("longtake"));
    run(Map.of("LONGTAKE_MVN_ARGS", ""), home.resolve("longtake"));

    assertThat(kept.err()).isEmpty();
    var calls = Files.readAllLines(folder.resolve("calls"));
    assertThat(calls).hasSize(3);
    assertThat(calls.get(0)).doesNotContain("-Pcuda");
    assertThat(calls.get(1)).endsWith("-Pcuda -o package");
    assertThat(calls.get(2)).doesNotContain("-Pcuda");
  }

  @Test
  void startsAtTheSameTimeBuildOnce() throws Exception {
    executable(tools.resolve("mvn"), BUILD.formatted(folder) + "sleep 1\n");

    var first = begin(Map.of(), folder.resolve("first.txt"), home.resolve("longtake"));
    var second = begin(Map.of(), folder.resolve("second.txt"), home.resolve("longtake"));

    assertThat(end(first, folder.resolve("first.txt")).code()).isEqualTo(7);
    assertThat(end(second, folder.resolve("second.txt")).code()).isEqualTo(7);
    assertThat(Files.readAllLines(folder.resolve("calls"))).hasSize(1);
    assertThat(home.resolve("longtake-cli/target/.building")).doesNotExist();
  }

  @Test
  void aBuildThatWasKilledDoesNotKeepOthersWaiting() throws Exception {
    executable(tools.resolve("mvn"), BUILD.formatted(folder));
    var gone = new ProcessBuilder("/bin/sh", "-c", ":").start();
    gone.waitFor();
    var target = Files.createDirectories(home.resolve("longtake-cli/target"));
    Files.createSymbolicLink(target.resolve(".building"), Path.of(Long.toString(gone.pid())));

    var ended = run(home.resolve("longtake"));

    assertThat(ended.err()).containsExactly("longtake: building Longtake once…");
    assertThat(target.resolve(".building")).doesNotExist();
  }

  @Test
  void trainingMayTakeHalfOfTheMemoryForJavasHeap() throws Exception {
    executable(tools.resolve("mvn"), BUILD.formatted(folder));

    for (var words : List.of(List.of("train", "run.yaml"), List.of("--stacktrace", "encode"))) {
      run(home.resolve("longtake"), words.toArray(String[]::new));
      assertThat(javaArguments()).contains("-XX:MaxRAMPercentage=50").doesNotContain("-Xmx1g");
    }
    run(home.resolve("longtake"), "generate", "train");
    assertThat(javaArguments()).contains("-Xmx1g").doesNotContain("-XX:MaxRAMPercentage=50");
    run(Map.of("LONGTAKE_JAVA_OPTS", "-Xmx3g"), home.resolve("longtake"), "train");
    assertThat(javaArguments())
        .containsSubsequence("-XX:MaxRAMPercentage=50", "-Xmx3g", "dev.longtake.cli.Main");
  }

  @Test
  void aFailedBuildShowsWhatMavenSaid() throws Exception {
    executable(tools.resolve("mvn"), "#!/bin/sh\necho '[ERROR] A.java:1'\nexit 1\n");

    var ended = run(home.resolve("longtake"), "world");

    assertThat(ended.code()).isEqualTo(1);
    assertThat(ended.err())
        .containsExactly(
            "longtake: building Longtake once…",
            "[ERROR] A.java:1",
            "longtake: the build failed, see above");
    assertThat(folder.resolve("java")).doesNotExist();
  }

  @Test
  void withoutMavenItSaysSo() throws Exception {
    var ended = run(home.resolve("longtake"), "world");

    assertThat(ended.code()).isEqualTo(2);
    assertThat(ended.err()).singleElement().asString().contains("Maven is not on PATH");
  }

  @Test
  void withoutAJdkItSaysWhereItLooked() throws Exception {
    var script = home.resolve("longtake");
    // No machine has that one, whatever lies in /usr/lib/jvm.
    Files.writeString(script, Files.readString(script).replace("wanted=25", "wanted=9999"));

    var ended = run(script, "world");

    assertThat(ended.code()).isEqualTo(2);
    assertThat(ended.err())
        .singleElement()
        .asString()
        .contains("no JDK 9999", folder + "/jdk", "PATH", "/usr/lib/jvm", "sdkman", "java_home");
  }

  private Ended run(Path script, String... arguments) throws IOException, InterruptedException {
    return run(Map.of(), script, arguments);
  }

  private Ended run(Map<String, String> environment, Path script, String... arguments)
      throws IOException, InterruptedException {
    var said = folder.resolve("said.txt");
    return end(begin(environment, said, script, arguments), said);
  }

  private Process begin(
      Map<String, String> environment, Path said, Path script, String... arguments)
      throws IOException {
    var command = Stream.concat(Stream.of(script.toString()), Stream.of(arguments)).toList();
    var builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(said.toFile());
    builder.environment().clear();
    builder.environment().put("PATH", tools.toString());
    builder.environment().put("JAVA_HOME", folder.resolve("jdk").toString());
    builder.environment().put("LC_ALL", "C.UTF-8");
    builder.environment().putAll(environment);
    return builder.start();
  }

  private static Ended end(Process process, Path said) throws IOException, InterruptedException {
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Ended(process.exitValue(), Files.readAllLines(said));
  }

  private List<String> javaArguments() throws IOException {
    return Files.readAllLines(folder.resolve("java"));
  }

  private static void executable(Path file, String text) throws IOException {
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static Path located(String tool) {
    return Stream.of("/usr/bin", "/bin")
        .map(folder -> Path.of(folder, tool))
        .filter(Files::exists)
        .findFirst()
        .orElseThrow(() -> new AssertionError("this machine has no " + tool));
  }

  /** The nearest folder above that holds the script. */
  private static Path repository() {
    var folder = Path.of("").toAbsolutePath();
    while (!Files.isRegularFile(folder.resolve("longtake-cli/pom.xml"))) {
      folder = folder.getParent();
    }
    return folder;
  }
}
