package dev.longtake.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PngTest {

  @TempDir Path folder;

  @Test
  void whatIsWrittenIsReadBackExactly() {
    long seed = 11;
    for (int[] size : new int[][] {{1, 1}, {3, 2}, {192, 128}, {101, 57}}) {
      var rgb = new byte[3 * size[0] * size[1]];
      new Random(seed).nextBytes(rgb);
      var frame = new Frame(size[0], size[1], rgb);
      var path = folder.resolve("noise.png");
      Png.write(path, frame);
      assertThat(Png.read(path)).as("%d x %d, seed %d", size[0], size[1], seed).isEqualTo(frame);
    }
  }

  @Test
  void anotherReaderSeesTheSamePicture() throws IOException {
    var frame = Pictures.wave(40, 30, 2);

    var image = ImageIO.read(new ByteArrayInputStream(Png.encode(frame)));

    assertThat(image.getWidth()).isEqualTo(40);
    assertThat(image.getHeight()).isEqualTo(30);
    for (int y = 0; y < 30; y++) {
      for (int x = 0; x < 40; x++) {
        assertThat(image.getRGB(x, y) & 0xffffff).isEqualTo(frame.at(x, y));
      }
    }
  }

  @Test
  void aJpegIsReadInItsTrueColours() throws IOException {
    var image = new java.awt.image.BufferedImage(64, 48, java.awt.image.BufferedImage.TYPE_INT_RGB);
    var frame = Pictures.wave(64, 48, 5);
    for (int y = 0; y < 48; y++) {
      for (int x = 0; x < 64; x++) {
        image.setRGB(x, y, frame.at(x, y));
      }
    }
    var path = folder.resolve("wave %d.jpg");
    ImageIO.write(image, "jpg", path.toFile());

    assertThat(Pictures.psnr(Png.read(path), frame)).isGreaterThan(34);
  }

  @Test
  void damagedAndForeignFilesAreRefused() throws IOException {
    var bytes = Png.encode(Pictures.wave(64, 48, 0));
    var cut = Files.write(folder.resolve("cut.png"), Arrays.copyOf(bytes, bytes.length / 2));
    var text = Files.writeString(folder.resolve("text.png"), "not a picture");
    var empty = Files.createFile(folder.resolve("empty.png"));

    for (var path : java.util.List.of(cut, text, empty, folder.resolve("absent.png"))) {
      assertThatThrownBy(() -> Png.read(path))
          .as("%s", path)
          .isInstanceOf(MediaException.class)
          .hasMessageContaining("cannot read " + path);
    }
  }

  @Test
  void anUnwritablePathIsNamed() {
    assertThatThrownBy(() -> Png.write(folder.resolve("absent/a.png"), Frame.filled(2, 2, 0)))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("does not exist");
  }
}
