package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.rollout.Awaited;
import dev.longtake.rollout.TinyModel;
import dev.longtake.rollout.VideoModel;
import dev.longtake.world.Caption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFolderTest {
  @Test
  void whatSeveralPromptsHaveInCommonIsToldOnce(@TempDir Path folder) {
    var model = ModelFolder.inspect(TinyModel.write(folder, Caption.vocabulary()));

    assertThat(
            model.check(
                List.of("a red unicorn", "a blue unicorn", "a red cube", "a red disco", "a disco")))
        .containsExactly("the model does not know: unicorn", "the model does not know: disco");
  }

  @Test
  void aModelFileThatGoesAwayMeanwhileIsTheFilesFailureAndNotTheThreads(@TempDir Path folder)
      throws IOException {
    var model = ModelFolder.inspect(TinyModel.write(folder, Caption.vocabulary()));
    Files.delete(folder.resolve(VideoModel.TRANSFORMER));

    assertThatThrownBy(() -> Awaited.result(CompletableFuture.supplyAsync(model::sha256)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(VideoModel.TRANSFORMER, "cannot be read");
  }
}
