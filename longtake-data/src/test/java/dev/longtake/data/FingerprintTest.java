package dev.longtake.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FingerprintTest {
  @TempDir Path folder;

  @Test
  void partsDoNotRunIntoOneAnother() {
    assertThat(new Fingerprint().with("ab").with("c").digits())
        .hasSize(32)
        .isEqualTo(new Fingerprint().with("ab").with("c").digits())
        .isNotEqualTo(new Fingerprint().with("a").with("bc").digits());
  }

  @Test
  void aFilesSizeStartAndEndTell() throws Exception {
    byte[] bytes = new byte[3 << 20];
    var whole = of(bytes);
    for (int changed : new int[] {0, 1 << 19, bytes.length - 1}) {
      bytes[changed] = 1;
      assertThat(of(bytes)).as("byte " + changed).isNotEqualTo(whole);
      bytes[changed] = 0;
    }
    assertThat(of(bytes)).isEqualTo(whole);
    assertThat(of(new byte[(3 << 20) + 1])).isNotEqualTo(whole);
    assertThat(of(new byte[0])).isNotEqualTo(of(new byte[1]));
  }

  @Test
  void theTimeOfChangeTellsWhereItIsAskedFor() throws Exception {
    var file = Files.write(folder.resolve("f"), new byte[7]);
    var before = new Fingerprint().withTime(file).digits();
    Files.setLastModifiedTime(file, FileTime.fromMillis(86_400_000));
    assertThat(new Fingerprint().withTime(file).digits()).isNotEqualTo(before);
  }

  private String of(byte[] bytes) throws Exception {
    return new Fingerprint().with(Files.write(folder.resolve("f"), bytes)).digits();
  }
}
