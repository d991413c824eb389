package dev.longtake.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.NodeList;

/**
 * The build's null checks can fall silent without a word, for instance on a new JDK. So a class
 * that must not compile is compiled with the very arguments of the build.
 */
class NullChecksTest {
  private static final Path POM = Path.of("..", "pom.xml");

  private static final String CANARY =
      """
      package dev.longtake.canary;

      final class Canary {
        private Canary() {}

        static String name(boolean known) {
          return known ? "canary" : null;
        }
      }
      """;

  @TempDir Path folder;

  @Test
  void aNullThatWasNotDeclaredDoesNotCompile() throws Exception {
    var source = Files.writeString(folder.resolve("Canary.java"), CANARY);
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "javac").toString());
    command.addAll(compilerArguments());
    command.addAll(List.of("-processorpath", processors(), "-proc:none"));
    command.addAll(List.of("-d", folder.toString(), source.toString()));
    var javac = new ProcessBuilder(command).redirectErrorStream(true).start();
    var said = new String(javac.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(javac.waitFor()).as(said).isNotZero();
    assertThat(said).contains("Canary.java:7: error: [NullAway] returning @Nullable expression");
  }

  private static List<String> compilerArguments() throws Exception {
    var pom = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(POM.toFile());
    var path = "//plugin[artifactId='maven-compiler-plugin']//compilerArgs/arg";
    var found =
        (NodeList)
            XPathFactory.newInstance().newXPath().evaluate(path, pom, XPathConstants.NODESET);
    var arguments =
        IntStream.range(0, found.getLength())
            .mapToObj(i -> found.item(i).getTextContent().strip())
            .toList();
    assertThat(arguments).anyMatch(argument -> argument.contains("NullAway:ERROR"));
    return arguments;
  }

  /**
   * Error Prone, NullAway and what they need; other libraries may bring processors of their own.
   */
  private static String processors() {
    return String.join(
        File.pathSeparator,
        List.of(System.getProperty("java.class.path").split(File.pathSeparator)).stream()
            .filter(entry -> entry.endsWith(".jar") && !entry.contains("longtake"))
            .toList());
  }
}
