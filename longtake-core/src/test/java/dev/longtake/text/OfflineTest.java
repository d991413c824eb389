package dev.longtake.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OfflineTest {
  @TempDir Path folder;

  @Test
  void theNativeLibraryComesFromItsJarAndNothingIsConnectedTo() throws Exception {
    var file = folder.resolve("tokenizer.json");
    new WordTokenizerFile(List.of("red")).write(file);
    var cache = folder.resolve("cache");
    var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var process =
        new ProcessBuilder(
            java,
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            FirstUse.class.getName(),
            file.toString(),
            "red zebra");
    process.environment().put("DJL_CACHE_DIR", cache.toString());
    process.environment().keySet().removeAll(List.of("OPT_OUT_TRACKING", "RUST_FLAVOR"));
    var said = folder.resolve("said.txt");

    int code = process.redirectErrorStream(true).redirectOutput(said.toFile()).start().waitFor();

    assertThat(said).content().contains("unknown: [zebra]").doesNotContain("asked for");
    assertThat(code).isZero();
    try (var unpacked = Files.walk(cache)) {
      assertThat(unpacked.map(path -> path.getFileName().toString()))
          .anyMatch(name -> name.contains("tokenizers") && name.matches(".*\\.(so|dylib|dll)"));
    }
  }
}
