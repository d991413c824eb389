package dev.longtake.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class FrameTest {

  @Test
  void planarFloatsAreScaledRoundedAndClamped() {
    float[] planes = {9f, -1f, 1f, 0f, 2f, -3f, Float.NaN};

    var frame = Frame.ofPlanar(2, 1, planes, 1);

    assertThat(frame.at(0, 0)).isEqualTo(0x008000);
    assertThat(frame.at(1, 0)).isEqualTo(0xffff00);
  }

  @Test
  void goingToPlanesAndBackChangesNoByte() {
    var frame = Pictures.wave(31, 17, 3);
    assertThat(Frame.ofPlanar(31, 17, frame.toPlanar(), 0)).isEqualTo(frame);
  }

  @Test
  void theNumberOfBytesMustFitTheSize() {
    assertThatThrownBy(() -> new Frame(4, 2, new byte[23]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("24")
        .hasMessageContaining("23");
  }

  @Test
  void quarterTurnsGoCounterClockwise() {
    var frame = new Frame(2, 1, new byte[] {1, 1, 1, 2, 2, 2});
    assertThat(Rotation.apply(frame, 90)).isEqualTo(new Frame(1, 2, new byte[] {2, 2, 2, 1, 1, 1}));
    assertThat(Rotation.apply(frame, 270))
        .isEqualTo(new Frame(1, 2, new byte[] {1, 1, 1, 2, 2, 2}));
    var picture = Pictures.wave(7, 5, 0);
    var turned = picture;
    for (int i = 0; i < 4; i++) {
      turned = Rotation.apply(turned, 90);
    }
    assertThat(turned).isEqualTo(picture);
    assertThat(Rotation.apply(Rotation.apply(picture, 90), 90))
        .isEqualTo(Rotation.apply(picture, 180));
  }
}
