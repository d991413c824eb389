package dev.longtake.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FrameFolderTest {

  @TempDir Path folder;

  @Test
  void picturesComeInTheOrderOfTheirNumbers() throws IOException {
    for (int i : new int[] {10, 2, 1, 100}) {
      Png.write(folder.resolve("frame" + i + ".png"), Frame.filled(8, 8, i));
    }
    Files.writeString(folder.resolve("notes.txt"), "");
    Files.writeString(folder.resolve(".frame3.png"), "");

    var numbers = new ArrayList<Integer>();
    try (var source = FrameSource.open(folder, Sampling.NONE)) {
      source.forEachRemaining(frame -> numbers.add(frame.at(0, 0)));
    }

    assertThat(numbers).containsExactly(1, 2, 10, 100);
  }

  @Test
  void aSizeIsMetByScalingAndCutting() {
    Png.write(folder.resolve("a.png"), Pictures.wave(100, 60, 0));
    try (var source = FrameFolder.open(folder, Sampling.NONE.sized(48, 48))) {
      var frame = source.next();
      assertThat(frame.width()).isEqualTo(48);
      assertThat(frame.height()).isEqualTo(48);
    }
  }

  @Test
  void anEmptyFolderIsRefused() {
    assertThatThrownBy(() -> FrameFolder.open(folder, Sampling.NONE))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("holds no picture");
  }
}
