package dev.longtake.world;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

class PanoramaTest {
  private static final FrameSize SMALL = new FrameSize(96, 64);

  @Test
  void aSeedGivesTheSameBytesOnEveryMachine() {
    assertThat(checksum(1)).isEqualTo(1034562509L);
    assertThat(checksum(2)).isEqualTo(787198472L);
    assertThat(checksum(Split.HELD_OUT.seed(0))).isEqualTo(1195085006L);
  }

  @Test
  void differentSeedsGiveDifferentPictures() {
    for (long seed = 0; seed < 20; seed++) {
      var one = Panorama.of(World.of(seed), SMALL);
      var other = Panorama.of(World.of(seed + 1), SMALL);
      assertThat(psnr(frame(one, 30), frame(other, 30))).as("seed %d", seed).isLessThan(20);
    }
  }

  @Test
  void aFullTurnMoreGivesTheSameFrame() {
    var panorama = Panorama.of(World.of(3), SMALL);
    for (double yaw : new double[] {0, 12.3, 44.99, 180, 271.828, 359.999}) {
      assertThat(frame(panorama, yaw + 360)).as("yaw %s", yaw).isEqualTo(frame(panorama, yaw));
      assertThat(frame(panorama, yaw - 720)).as("yaw %s", yaw).isEqualTo(frame(panorama, yaw));
    }
  }

  @Test
  void viewsAQuarterTurnOrMoreApartLookNothingAlike() {
    for (long seed = 0; seed < 30; seed++) {
      var panorama = Panorama.of(World.of(seed), SMALL);
      for (int yaw = 0; yaw < 360; yaw += 45) {
        for (int apart = 90; apart <= 180; apart += 30) {
          double likeness = psnr(frame(panorama, yaw), frame(panorama, yaw + apart));
          assertThat(likeness).as("seed %d, %d and %d more", seed, yaw, apart).isLessThan(20);
        }
      }
    }
  }

  @Test
  void panningRightMovesThePictureLeft() {
    var panorama = Panorama.of(World.of(4), SMALL);
    double oneColumn = 90.0 / SMALL.width();
    byte[] before = frame(panorama, 100);
    byte[] after = frame(panorama, 100 + oneColumn);
    int row = 3 * SMALL.width();
    for (int y = 0; y < SMALL.height(); y++) {
      for (int i = 3; i < row; i++) {
        assertThat(after[y * row + i - 3]).isEqualTo(before[y * row + i]);
      }
    }
  }

  @Test
  void anObjectStandsWhereItsYawSays() {
    for (long seed = 0; seed < 20; seed++) {
      var world = World.of(seed);
      var panorama = Panorama.of(world, SMALL);
      var object = world.objects().getFirst();
      byte[] rgb = frame(panorama, object.yaw());
      boolean found = false;
      for (int y = 0; y < SMALL.height(); y++) {
        int middle = 3 * (y * SMALL.width() + SMALL.width() / 2);
        var pixel = Rgb.ofBytes(rgb[middle] & 255, rgb[middle + 1] & 255, rgb[middle + 2] & 255);
        double off = Angles.signed(pixel.hue() - object.colour().reference().hue());
        found |= pixel.saturation() >= Colour.MIN_OBJECT_SATURATION && Math.abs(off) < 5;
      }
      assertThat(found).as("seed %d, %s", seed, object).isTrue();
    }
  }

  @Test
  void planesHoldTheBytesScaledToMinusOneToOne() {
    var panorama = Panorama.of(World.of(5), SMALL);
    byte[] rgb = frame(panorama, 77.7);
    int plane = SMALL.pixels();
    int channelStride = 3 * plane;
    float[] video = new float[3 * channelStride];
    panorama.renderPlanar(77.7, video, plane, channelStride);
    for (int pixel = 0; pixel < plane; pixel++) {
      for (int c = 0; c < 3; c++) {
        float expected = (rgb[3 * pixel + c] & 255) / 127.5f - 1;
        assertThat(video[plane + c * channelStride + pixel]).isEqualTo(expected);
      }
    }
    assertThat(video[0]).isZero();
    assertThat(video[2 * plane]).isZero();
  }

  @Test
  void buffersThatAreTooSmallAreRefusedWithBothNumbers() {
    var panorama = Panorama.of(World.of(5), SMALL);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> panorama.render(0, new byte[10]))
        .withMessageContaining("18432")
        .withMessageContaining("10");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> panorama.renderPlanar(0, new float[SMALL.bytes()], 1, SMALL.pixels()));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> panorama.renderPlanar(0, new float[SMALL.bytes()], 0, 5));
  }

  private static long checksum(long seed) {
    var clip = Clip.of(seed, 33);
    var footage = clip.film();
    var rgb = new byte[footage.size().bytes()];
    var crc = new CRC32();
    for (int frame : new int[] {0, 7, 32}) {
      footage.frame(frame, rgb);
      crc.update(rgb);
    }
    return crc.getValue();
  }

  static byte[] frame(Panorama panorama, double yaw) {
    var rgb = new byte[panorama.size().bytes()];
    panorama.render(yaw, rgb);
    return rgb;
  }

  private static double psnr(byte[] one, byte[] other) {
    double sum = 0;
    for (int i = 0; i < one.length; i++) {
      double difference = (one[i] & 255) - (other[i] & 255);
      sum += difference * difference;
    }
    return 10 * Math.log10(255 * 255 * one.length / sum);
  }
}
