package dev.longtake.pretrained;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.rollout.ModelPart;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * Where the files of a model are: given ones first, then the folder's own.
 *
 * @param folder the folder
 * @param preset which names the trained weights' files
 * @param given files
 */
record PartFiles(PretrainedFolder folder, Preset preset, Map<FileRole, Path> given) {
  PartFiles {
    given = Map.copyOf(given);
  }

  PartFiles with(FileRole role, Path file) {
    var more = new EnumMap<FileRole, Path>(FileRole.class);
    more.putAll(given);
    more.put(role, file);
    return new PartFiles(folder, preset, more);
  }

  PartFiles with(Preset other) {
    return new PartFiles(folder, other, given);
  }

  /** Whether a part's sizes stand in a configuration beside its file. */
  boolean hasConfiguration(FileRole role) {
    return folder.layout() == Layout.DIFFUSERS && !given.containsKey(role);
  }

  /** A part's file, which is there. */
  Path of(ModelPart part) {
    return switch (part) {
      case TRANSFORMER -> present(trained(preset.weights().file()), part.toString());
      case VAE -> own(part, FileRole.VAE);
      case TEXT_ENCODER -> own(part, FileRole.TEXT_ENCODER);
    };
  }

  /** An adapter's file, which is there. */
  Path of(Preset.Adapter adapter) {
    var path = given(FileRole.ADAPTER).orElseGet(() -> trained(adapter.file()));
    return present(path, "the adapter of preset " + preset.name());
  }

  /** The tokenizer's file, which is there. */
  Path tokenizer() {
    return present(given(FileRole.TOKENIZER).orElseGet(folder::tokenizer), "the tokenizer");
  }

  /** The tiny decoder's file, which is there, if one was given. */
  Optional<Path> tiny() {
    return given(FileRole.TINY_DECODER).map(path -> present(path, "the tiny decoder"));
  }

  void requireAll() {
    for (var part : ModelPart.values()) {
      of(part);
    }
    preset.adapters().forEach(this::of);
    tiny();
    tokenizer();
    if (given.containsKey(FileRole.ADAPTER) && preset.adapters().size() != 1) {
      throw new IllegalArgumentException(
          "preset "
              + preset.name()
              + " has "
              + preset.adapters().size()
              + " adapters, so none can be given beside it; give a preset that says its rank and"
              + " alpha");
    }
  }

  private Path own(ModelPart part, FileRole role) {
    return present(given(role).orElseGet(() -> folder.file(part)), part.toString());
  }

  private Optional<Path> given(FileRole role) {
    return Optional.ofNullable(given.get(role));
  }

  /** A file of the trained weights' repository, by where the checkpoint was said to be. */
  private Path trained(String file) {
    var checkpoint = given(FileRole.CHECKPOINT).orElseThrow(this::noCheckpoint);
    if (Files.isDirectory(checkpoint)) {
      return checkpoint.resolve(file);
    }
    var own = Path.of(preset.weights().file());
    if (own.equals(Path.of(file))) {
      return checkpoint;
    }
    if (!checkpoint.endsWith(own)) {
      return checkpoint.resolveSibling(Path.of(file).getFileName());
    }
    var repository = checkpoint.toAbsolutePath();
    for (int i = 0; i < own.getNameCount(); i++) {
      repository = repository.resolveSibling("");
    }
    return repository.resolve(file);
  }

  private CheckpointException noCheckpoint() {
    return new CheckpointException(
        preset.weights().file(),
        "preset "
            + preset.name()
            + " needs this file of "
            + preset.weights().repository()
            + "; give it, or the folder it was downloaded to");
  }

  private static Path present(Path path, String what) {
    if (!Files.isRegularFile(path)) {
      throw new CheckpointException(
          path.toString(), "no such file, but " + what + " is read from it; download it there");
    }
    return path;
  }
}
