package dev.longtake.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContactSheetTest {

  @TempDir Path folder;

  @Test
  void aSheetHasRoomForItsCellsAndTheirLabels() {
    var sheet = new ContactSheet(3, 2, 96, 16);
    for (int i = 0; i < 40; i++) {
      sheet.add(Pictures.wave(192, 128, i));
    }
    sheet.write(folder.resolve("sheet.png"));

    var picture = Png.read(folder.resolve("sheet.png"));
    assertThat(picture.width()).isEqualTo(4 + 3 * (96 + 4));
    assertThat(picture.height()).isEqualTo(4 + 2 * (64 + 7 + 8 + 4));
    assertThat(picture).isEqualTo(sheet.render());
  }

  @Test
  void picturesAreSpreadOverTheWholeVideo() {
    for (int count : new int[] {1, 3, 4, 9, 100, 1003}) {
      var sheet = new ContactSheet(4, 1, 32, 16);
      for (int i = 0; i < count; i++) {
        int grey = 255 * i / Math.max(1, count - 1);
        sheet.add(Frame.filled(32, 32, grey << 16 | grey << 8 | grey));
      }
      var picture = sheet.render();
      var greys = new ArrayList<Integer>();
      for (int cell = 0; cell < Math.min(4, count); cell++) {
        greys.add(picture.at(4 + cell * 36 + 16, 4 + 16) & 0xff);
      }
      assertThat(greys.getFirst()).as("first of %d", count).isZero();
      for (int cell = 1; cell < greys.size(); cell++) {
        int step = 255 / (greys.size() - 1);
        assertThat(greys.get(cell) - greys.get(cell - 1))
            .as("%s of %d", greys, count)
            .isBetween(step * 6 / 10, step * 14 / 10);
      }
    }
  }

  @Test
  void labelsAreMinutesSecondsAndTenths() {
    assertThat(ContactSheet.label(0)).isEqualTo("0:00.0");
    assertThat(ContactSheet.label(65.35)).isEqualTo("1:05.3");
    assertThat(ContactSheet.label(3 * 0.1)).isEqualTo("0:00.3");
    assertThat(ContactSheet.label(3725)).isEqualTo("62:05.0");
  }

  @Test
  void aLabelIsDrawnBeneathItsPicture() {
    var sheet = new ContactSheet(1, 1, 64, 16);
    sheet.add(Frame.filled(64, 32, 0x204060));
    var picture = sheet.render();
    int ink = 0;
    for (int y = 4 + 32; y < picture.height(); y++) {
      for (int x = 0; x < picture.width(); x++) {
        ink += picture.at(x, y) == 0xe0e0e0 ? 1 : 0;
      }
    }
    assertThat(ink).as("pixels of 0:00.0").isEqualTo(4 * 16 + 4 + 4);
  }

  @Test
  void anEmptySheetIsRefused() {
    assertThatThrownBy(() -> new ContactSheet(2, 2, 64, 16).render())
        .isInstanceOf(IllegalStateException.class);
  }
}
