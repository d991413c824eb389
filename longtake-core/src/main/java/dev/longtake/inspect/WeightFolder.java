package dev.longtake.inspect;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.ShardedSafetensors;
import dev.longtake.inspect.Contents.Kind;
import dev.longtake.pretrained.PretrainedFolder;
import dev.longtake.rollout.VideoModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** Finds the weights in a folder and in the folders directly inside it. */
final class WeightFolder {
  private static final int DEPTH = 2;
  private static final Pattern SHARD = Pattern.compile("(.+)-\\d{5}-of-\\d{5}\\.safetensors");

  private WeightFolder() {}

  static Contents read(Path folder) {
    List<Part> parts = new ArrayList<>();
    Map<String, String> values = new LinkedHashMap<>();
    for (var file : files(folder)) {
      var contents = Contents.file(file);
      var place = folder.relativize(file).toString();
      for (var part : contents.parts()) {
        var name = part.name().isEmpty() ? place : place + " (" + part.name() + ")";
        parts.add(new Part(name, part.tensors(), part.metadata()));
      }
      contents.values().forEach((key, value) -> values.put(place + " (" + key + ")", value));
    }
    if (parts.isEmpty()) {
      throw new CheckpointException(
          folder.toString(),
          "holds no weights (.safetensors, .pt, .pth or .ckpt); give the folder that does");
    }
    return new Contents(kind(folder), parts, values);
  }

  private static List<Path> files(Path folder) {
    try (var all = Files.walk(folder, DEPTH)) {
      return all.filter(Files::isRegularFile).filter(WeightFolder::isWhole).sorted().toList();
    } catch (IOException e) {
      throw new CheckpointException(
          folder.toString(), "cannot be read (" + e.getMessage() + "); check its permissions", e);
    }
  }

  /** Whether a file stands for a set of tensors; a shard does so only where its index is absent. */
  private static boolean isWhole(Path file) {
    var name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    var shard = SHARD.matcher(file.getFileName().toString());
    if (shard.matches()) {
      return !Files.exists(file.resolveSibling(shard.group(1) + ShardedSafetensors.ENDING));
    }
    return List.of(".safetensors", ShardedSafetensors.ENDING, ".pt", ".pth", ".ckpt").stream()
        .anyMatch(name::endsWith);
  }

  private static Kind kind(Path folder) {
    if (VideoModel.isFolder(folder)) {
      return Kind.LONGTAKE_MODEL;
    }
    return PretrainedFolder.layout(folder)
        .map(
            layout ->
                switch (layout) {
                  case WAN -> Kind.WAN_FOLDER;
                  case DIFFUSERS -> Kind.DIFFUSERS_FOLDER;
                })
        .orElse(Kind.FOLDER);
  }
}
