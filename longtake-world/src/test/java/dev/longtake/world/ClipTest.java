package dev.longtake.world;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class ClipTest {

  @Test
  void visibleObjectsAreListedFromLeftToRight() {
    for (long seed = 0; seed < 100; seed++) {
      var clip = Clip.of(seed, 64);
      for (int frame = 0; frame < clip.frames(); frame++) {
        double yaw = clip.path().yaw(frame);
        assertThat(clip.objectsVisible(frame))
            .as("seed %d frame %d", seed, frame)
            .isSortedAccordingTo(
                (a, b) ->
                    Double.compare(Angles.signed(a.yaw() - yaw), Angles.signed(b.yaw() - yaw)))
            .allMatch(object -> Math.abs(Angles.signed(object.yaw() - yaw)) <= 45 + 1e-9);
      }
    }
  }

  @Test
  void worldAndPathCanComeFromDifferentSeeds() {
    var clip = Clip.of(5, 6, 40);
    assertThat(clip.world().objects()).isEqualTo(World.of(5).objects());
    assertThat(clip.path().yaw(39)).isEqualTo(CameraPath.of(6, 40).yaw(39));
  }

  @Test
  void footageShowsThePanoramaAtThePathsYaw() {
    var clip = Clip.of(8, 20);
    var footage = clip.film(new FrameSize(48, 32));
    var rgb = new byte[footage.size().bytes()];
    footage.frame(13, rgb);
    assertThat(rgb).isEqualTo(PanoramaTest.frame(footage.panorama(), clip.path().yaw(13)));
    assertThat(footage.frames()).isEqualTo(20);
  }

  @Test
  void trainingAndHeldOutSeedsNeverMeet() {
    long last = (1L << 40) - 1;
    assertThat(Split.TRAIN.seed(0)).isZero();
    assertThat(Split.TRAIN.seed(last)).isLessThan(Split.HELD_OUT.seed(0));
    assertThat(Split.HELD_OUT.seed(last) >>> 40).isEqualTo(1);
    assertThat(Split.TRAIN.seed(last) >>> 40).isZero();
    assertThatIllegalArgumentException().isThrownBy(() -> Split.TRAIN.seed(last + 1));
    assertThatIllegalArgumentException().isThrownBy(() -> Split.TRAIN.seed(-1));
  }

  @Test
  void impossibleFrameSizesAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new FrameSize(0, 128))
        .withMessageContaining("0x128");
    assertThatIllegalArgumentException().isThrownBy(() -> new FrameSize(192, 100_000));
  }
}
