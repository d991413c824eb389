package dev.longtake.inspect;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.checkpoint.PtCheckpoint;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.checkpoint.ShardedSafetensors;
import dev.longtake.checkpoint.TensorFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a file or a folder of weights holds.
 *
 * @param kind what it is
 * @param parts its sets of tensors
 * @param values other things an archive holds, in words, by key: numbers, text, what is empty
 */
public record Contents(Kind kind, List<Part> parts, Map<String, String> values) {

  /** What a file or a folder can be. */
  public enum Kind {
    SAFETENSORS("safetensors"),
    INDEX("index of safetensors"),
    ARCHIVE("torch.save archive"),
    LONGTAKE_MODEL("Longtake model"),
    WAN_FOLDER("Wan folder"),
    DIFFUSERS_FOLDER("Diffusers folder"),
    FOLDER("folder");

    private final String words;

    Kind(String words) {
      this.words = words;
    }

    /** For people. */
    public String words() {
      return words;
    }
  }

  /** Copies the collections. */
  public Contents {
    parts = List.copyOf(parts);
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /**
   * Reads the headers of a file, or of every file of weights in a folder.
   *
   * @throws CheckpointException if it is absent, damaged, or holds no weights
   */
  public static Contents of(Path path) {
    return Files.isDirectory(path) ? WeightFolder.read(path) : file(path);
  }

  /** One file's. */
  static Contents file(Path path) {
    if (path.toString().endsWith(".json")) {
      try (var file = ShardedSafetensors.open(path)) {
        return new Contents(Kind.INDEX, List.of(part("", file)), Map.of());
      }
    }
    if (PtCheckpoint.isArchive(path)) {
      return archive(path);
    }
    try (var file = Safetensors.open(path)) {
      return new Contents(Kind.SAFETENSORS, List.of(part("", file)), Map.of());
    }
  }

  private static Contents archive(Path path) {
    try (var archive = PtCheckpoint.open(path)) {
      List<Part> parts = new ArrayList<>();
      Map<String, String> values = new LinkedHashMap<>();
      boolean flat = false;
      for (var key : archive.keys()) {
        switch (archive.kind(key)) {
          case TENSOR -> flat = true;
          case TENSORS -> parts.add(part(key, archive.tensors(key)));
          case VALUE -> values.put(key, archive.words(key));
          case NONE -> values.put(key, "None");
          case COLLECTION -> values.put(key, "no tensors");
        }
      }
      return new Contents(
          Kind.ARCHIVE, flat ? List.of(part("", archive.tensors())) : parts, values);
    }
  }

  private static Part part(String name, TensorFile file) {
    return new Part(name, TensorInfo.all(file), file.metadata());
  }
}
