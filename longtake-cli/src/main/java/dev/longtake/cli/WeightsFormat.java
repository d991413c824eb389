package dev.longtake.cli;

import dev.longtake.checkpoint.PtCheckpoint;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.checkpoint.ShardedSafetensors;
import dev.longtake.checkpoint.TensorFile;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** What weights are written as. */
sealed interface WeightsFormat {
  /** Most bytes in a file of several, unless told otherwise. */
  long USUAL_SHARD = 5_000_000_000L;

  /** The file to be written; for several, their index. */
  Path file();

  /** Writes the tensors one after another. */
  void write(TensorFile tensors);

  /** One safetensors file. */
  record Single(Path file) implements WeightsFormat {
    @Override
    public void write(TensorFile tensors) {
      Safetensors.write(file, tensors, text(tensors));
    }
  }

  /**
   * Several safetensors files and an index.
   *
   * @param bytes most in one of them
   */
  record Shards(Path file, long bytes) implements WeightsFormat {
    @Override
    public void write(TensorFile tensors) {
      ShardedSafetensors.write(file, tensors, bytes, text(tensors));
    }
  }

  /** An archive as {@code torch.save} writes it. */
  record Archive(Path file) implements WeightsFormat {
    @Override
    public void write(TensorFile tensors) {
      PtCheckpoint.write(file, tensors);
    }
  }

  /**
   * The format that a name asks for.
   *
   * @param shardSize most bytes in a file, in words
   * @throws IllegalArgumentException if the name has no known ending, or a size makes no sense for
   *     it
   */
  static WeightsFormat of(Path out, Optional<String> shardSize) {
    var size = shardSize.map(text -> ByteCount.parse("--shard-size", text));
    var name = out.toString();
    if (name.endsWith(ShardedSafetensors.ENDING)) {
      return new Shards(out, size.orElse(USUAL_SHARD));
    }
    if (name.endsWith(".safetensors")) {
      var index = Path.of(name.replaceFirst("\\.safetensors$", ShardedSafetensors.ENDING));
      return size.isPresent() ? new Shards(index, size.get()) : new Single(out);
    }
    if (!name.endsWith(".pt") && !name.endsWith(".pth")) {
      throw new IllegalArgumentException(
          "'" + out + "' has no ending that says what to write; give it .safetensors or .pt");
    }
    if (size.isPresent()) {
      throw new IllegalArgumentException(
          "--shard-size divides safetensors, and " + out + " is none; leave one of them out");
    }
    return new Archive(out);
  }

  /** What other readers of safetensors expect to find, where the source has no text. */
  private static Map<String, String> text(TensorFile tensors) {
    return tensors.metadata().isEmpty() ? Map.of("format", "pt") : tensors.metadata();
  }
}
