package dev.longtake.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.rollout.ModelConfig.Sampling;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.text.TextResidence;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What guidance leads away from. */
@ExtendWith(LeakGuard.class)
class UnconditionalTest {
  @TempDir private Path folder;

  @BeforeEach
  void write() {
    TinyModel.write(folder);
  }

  @Test
  void guidanceAwayFromThePromptItselfLeadsNowhere() {
    var plain = pictures(Unconditional.ZEROS, "", 1);

    assertThat(pictures(Unconditional.PROMPT, TinyModel.PROMPT, 3)).isDeepEqualTo(plain);
  }

  @Test
  void guidanceLeadsAwayFromWhatTheConfigurationSays() {
    var zeros = pictures(Unconditional.ZEROS, "", 3);
    var empty = pictures(Unconditional.PROMPT, "", 3);
    var brick = pictures(Unconditional.PROMPT, "a brick room", 3);

    assertThat(Arrays.deepEquals(empty, zeros)).isFalse();
    assertThat(Arrays.deepEquals(brick, zeros)).isFalse();
    assertThat(Arrays.deepEquals(brick, empty)).isFalse();
    assertThat(pictures(Unconditional.PROMPT, "a brick room", 3)).isDeepEqualTo(brick);
  }

  @Test
  void withoutGuidanceItDoesNotMatter() {
    assertThat(pictures(Unconditional.PROMPT, "a brick room", 1))
        .isDeepEqualTo(pictures(Unconditional.ZEROS, "", 1));
  }

  @Test
  void aChangeOfPromptLeavesItAsItIs() {
    configure(Unconditional.PROMPT, "a brick room");
    try (var model = open();
        var changed = VideoGenerator.start(model, guided(model, "a cube", 3));
        var same = VideoGenerator.start(model, guided(model, "a brick room", 3));
        var plain = VideoGenerator.start(model, guided(model, "a brick room", 1))) {
      changed.switchTo("a brick room", PromptSwitch.KEEP);

      var pictures = plain.next().frames().toArray(byte[][]::new);
      assertThat(changed.next().frames().toArray(byte[][]::new)).isDeepEqualTo(pictures);
      assertThat(same.next().frames().toArray(byte[][]::new)).isDeepEqualTo(pictures);
    }
  }

  private byte[][] pictures(Unconditional unconditional, String negative, double guidance) {
    configure(unconditional, negative);
    try (var model = open();
        var video = VideoGenerator.start(model, guided(model, TinyModel.PROMPT, guidance))) {
      return video.next().frames().toArray(byte[][]::new);
    }
  }

  private void configure(Unconditional unconditional, String negative) {
    ModelConfig.read(folder).withUnconditional(unconditional, negative).write(folder);
  }

  /** With an encoder that passes, which reads both prompts at once. */
  private VideoModel open() {
    return VideoModel.open(folder, Device.CPU, Dtype.FLOAT32, TextResidence.PASSING);
  }

  private static VideoRequest guided(VideoModel model, String prompt, double guidance) {
    var usual = model.config().sampling();
    return VideoRequest.of(model.config(), prompt)
        .withSampling(new Sampling(usual.kind(), usual.steps(), usual.shift(), guidance));
  }
}
