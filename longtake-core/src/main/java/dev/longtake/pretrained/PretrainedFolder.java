package dev.longtake.pretrained;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.rollout.ModelPart;
import dev.longtake.wan.WanConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The folder of a published Wan 2.1 text-to-video model.
 *
 * @param path the folder
 * @param layout how it is laid out
 * @param transformer sizes of its transformer
 */
public record PretrainedFolder(Path path, Layout layout, WanConfig transformer) {
  private static final String INDEX = Layout.DIFFUSERS.head();
  private static final String CONFIG = Layout.WAN.head();

  /**
   * How a folder is laid out, by the files that lead in; empty if it is none.
   *
   * @throws CheckpointException if its configuration is no JSON
   */
  public static Optional<Layout> layout(Path path) {
    if (Files.isRegularFile(path.resolve(INDEX))) {
      return Optional.of(Layout.DIFFUSERS);
    }
    return holdsWan(path) ? Optional.of(Layout.WAN) : Optional.empty();
  }

  /**
   * Refuses a folder that has a published model's files, but not the one by which it is recognised:
   * a download that left that out.
   *
   * @throws CheckpointException naming the missing file
   */
  public static void requireHead(Path path) {
    for (var layout : Layout.values()) {
      if (layout.isBegun(path) && !Files.exists(path.resolve(layout.head()))) {
        throw new CheckpointException(
            path.toString(),
            "lacks "
                + layout.head()
                + ", which says what the model is; download that file from where the folder is"
                + " from");
      }
    }
  }

  /**
   * Recognises a folder and reads its transformer's sizes. Its other files may be missing still.
   *
   * @throws CheckpointException if it is none, or its model is of a kind not computed here
   */
  public static PretrainedFolder open(Path path) {
    var found = layout(path);
    if (found.isEmpty()) {
      requireHead(path);
    }
    var layout = found.orElseThrow(() -> foreign(path));
    return new PretrainedFolder(path, layout, transformer(path, layout));
  }

  private static WanConfig transformer(Path path, Layout layout) {
    return switch (layout) {
      case WAN -> PublishedConfigs.wan(path.resolve(CONFIG));
      case DIFFUSERS -> {
        requireTextToVideo(path.resolve(INDEX));
        yield PublishedConfigs.diffusersTransformer(path.resolve("transformer").resolve(CONFIG));
      }
    };
  }

  private static CheckpointException foreign(Path path) {
    return new CheckpointException(
        path.toString(),
        "is no folder of a published Wan 2.1 model: it has neither "
            + INDEX
            + " nor a "
            + CONFIG
            + " of a WanModel; give the folder that Wan-AI/Wan2.1-T2V-1.3B was downloaded to");
  }

  private static boolean holdsWan(Path path) {
    var config = path.resolve(CONFIG);
    if (!Files.isRegularFile(config)) {
      return false;
    }
    var settings = Settings.read(config);
    return settings.has("model_type") && settings.has("ffn_dim")
        || settings.has("_class_name") && settings.text("_class_name").endsWith("WanModel");
  }

  private static void requireTextToVideo(Path index) {
    var settings = Settings.read(index);
    settings.only("_class_name", "\"WanPipeline\"");
    // Where a pipeline may have a second network and does not, the index says [null, null].
    if (settings.has("transformer_2")
        && !settings.elements("transformer_2").stream().allMatch("null"::equals)) {
      throw settings.wrong("transformer_2", "is a second network, which Wan 2.1 does not have");
    }
  }

  /** The tokenizer's {@code tokenizer.json}, whether or not it is there. */
  public Path tokenizer() {
    return path.resolve(layout.tokenizer());
  }

  /**
   * The file of a part's weights, or the index of its files.
   *
   * @throws CheckpointException if there is none, naming what was looked for
   */
  public Path file(ModelPart part) {
    var names = layout.files(part);
    return names.stream()
        .map(path::resolve)
        .filter(Files::isRegularFile)
        .findFirst()
        .orElseThrow(
            () ->
                new CheckpointException(
                    path.toString(),
                    "lacks "
                        + names.getFirst()
                        + ", "
                        + part
                        + "; download that file from where the folder is from, or give another"));
  }
}
