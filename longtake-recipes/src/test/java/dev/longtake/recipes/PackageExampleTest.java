package dev.longtake.recipes;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The package's first page shows code: it is compiled as it stands. */
class PackageExampleTest {
  private static final Path PAGE =
      Path.of("src", "main", "java", "dev", "longtake", "recipes", "package-info.java");

  @TempDir private Path folder;

  @Test
  void theExampleOfThePackageCompiles() throws Exception {
    var source =
        """
        import dev.longtake.recipes.*;
        import dev.longtake.tensor.Device;
        import java.nio.file.Path;
        import java.time.Duration;
        import java.util.List;
        import java.util.Map;

        class Example {
          static void of(RunWatcher watcher) {
        EXAMPLE
          }
        }
        """
            .replace("EXAMPLE", example());
    var said = new StringWriter();
    var options =
        List.of(
            "-proc:none",
            "-d",
            folder.toString(),
            "-classpath",
            System.getProperty("java.class.path"));
    boolean compiled =
        ToolProvider.getSystemJavaCompiler()
            .getTask(said, null, null, options, null, List.of(new Text(source)))
            .call();
    assertThat(compiled).as("%s%n%s", source, said).isTrue();
  }

  private static String example() throws Exception {
    var page = Files.readString(PAGE);
    var lines = page.substring(page.indexOf("<pre>{@code") + 11, page.indexOf("}</pre>")).lines();
    var example =
        lines.map(line -> line.replaceFirst("^ \\* ?", "")).collect(Collectors.joining("\n"));
    assertThat(example).contains("carryOut");
    return example;
  }

  private static final class Text extends SimpleJavaFileObject {
    private final String source;

    Text(String source) {
      super(URI.create("string:///Example.java"), JavaFileObject.Kind.SOURCE);
      this.source = source;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return source;
    }
  }
}
