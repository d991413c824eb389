package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.media.Sampling;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.rollout.Overlap;
import dev.longtake.rollout.PromptSchedule;
import dev.longtake.rollout.PromptSwitch;
import dev.longtake.rollout.Replay;
import dev.longtake.rollout.TinyModel;
import dev.longtake.world.Caption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerationTest {
  @TempDir private Path folder;
  private ModelFolder model;

  @BeforeEach
  void write() {
    model = ModelFolder.inspect(TinyModel.write(folder, Caption.vocabulary()));
  }

  @Test
  void aGivenVideoIsRememberedTooAndCountsForTheMemoryNeeded() {
    var given = new Given(folder.resolve("given.mp4"), Sampling.NONE, 1200, 3);

    assertThat(generation(Optional.empty()).longest(List.of(take(16), take(32)))).isEqualTo(32);
    assertThat(generation(Optional.of(given)).longest(List.of(take(16), take(32)))).isEqualTo(1232);
  }

  private Generation generation(Optional<Given> beginning) {
    return new Generation(
        model,
        0,
        MemoryPolicies.parse("full"),
        "full",
        PromptSwitch.KEEP,
        model.config().sampling(),
        Overlap.OFF,
        Replay.OFF,
        beginning,
        Optional.empty(),
        true);
  }

  private Take take(long frames) {
    var files = OutputFiles.of(folder.resolve("clip.mp4"));
    return new Take(PromptSchedule.of("a red cube"), frames, files);
  }
}
