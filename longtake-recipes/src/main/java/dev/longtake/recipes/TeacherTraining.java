package dev.longtake.recipes;

import dev.longtake.checkpoint.Manifest;
import dev.longtake.distill.ContextKind;
import dev.longtake.distill.DistillConfig;
import dev.longtake.distill.Sight;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/** How a teacher was trained, as far as its folder tells: it is to be asked the same way. */
final class TeacherTraining {
  private TeacherTraining() {}

  /**
   * Refuses to ask a context teacher otherwise than it was trained.
   *
   * @param folder of the teacher; one that tells nothing passes
   * @throws IllegalArgumentException naming the key and the value to give
   */
  static void check(Path folder, DistillConfig matching) {
    if (!Files.exists(folder.resolve(Manifest.FILE_NAME))) {
      return;
    }
    var told = Manifest.read(folder).config();
    if (!ContextTeacherRun.STAGE.equals(told.get("stage"))) {
      return;
    }
    if (matching.teacher() != Sight.BIDIRECTIONAL) {
      throw unlike(folder, "teacher", matching.teacher().name(), Sight.BIDIRECTIONAL.name());
    }
    if (matching.context() != ContextKind.NONE
        && told.get("recycling") instanceof Map<?, ?> recycling
        && recycling.get("contextTimestep") instanceof String trained
        && !trained.equals(matching.contextTimestep().name())) {
      throw unlike(folder, "context_timestep", matching.contextTimestep().name(), trained);
    }
  }

  private static IllegalArgumentException unlike(
      Path folder, String key, String given, String trained) {
    return new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            "matching.%s is %s, but the teacher in %s was trained with %s; give %s: %s",
            key,
            given.toLowerCase(Locale.ROOT),
            folder,
            trained.toLowerCase(Locale.ROOT),
            key,
            trained.toLowerCase(Locale.ROOT)));
  }
}
