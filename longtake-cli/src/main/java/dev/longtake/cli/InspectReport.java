package dev.longtake.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.hub.Glob;
import dev.longtake.inspect.Contents;
import dev.longtake.inspect.Part;
import dev.longtake.inspect.Recognised;
import dev.longtake.inspect.ShapeLine;
import dev.longtake.inspect.TensorInfo;
import dev.longtake.pretrained.Presets;
import dev.longtake.tensor.Dtype;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What was found, in words and as JSON.
 *
 * @param path what was looked at
 * @param contents what it holds
 * @param each names of tensors to be listed one by one; absent for one line per kind
 */
record InspectReport(Path path, Contents contents, Optional<Glob> each) {
  private static final Map<String, Dtype> MEMORY = memory();
  private static final int LONGEST_TEXT = 160;

  private static Map<String, Dtype> memory() {
    Map<String, Dtype> types = new LinkedHashMap<>();
    types.put("float32", Dtype.FLOAT32);
    types.put("bfloat16", Dtype.BFLOAT16);
    types.put("float8", Dtype.FLOAT8_E4M3);
    return types;
  }

  /** For people. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(path + ": " + contents.kind().words());
    contents.values().forEach((key, value) -> lines.add("  " + key + " = " + shortened(value)));
    for (var part : contents.parts()) {
      if (!part.name().isEmpty()) {
        lines.add("");
        lines.add(Failures.oneLine(part.name()));
      }
      lines.add("  " + recognised(part).map(Recognised::words).orElse("not a network known here"));
      merging(part).map(InspectReport::mergedBy).ifPresent(lines::add);
      lines.add(
          String.format(
              Locale.ROOT,
              "  %,d tensors, %,d parameters, %s",
              part.tensors().size(),
              part.parameters(),
              dtypes(part)));
      lines.add("  weights alone: " + memory(part));
      part.metadata().forEach((key, text) -> lines.add("  " + key + ": " + shortened(text)));
      lines.addAll(each.isPresent() ? everyTensor(part) : shapes(part));
    }
    try {
      for (var running : Running.of(path, contents)) {
        lines.add("");
        lines.addAll(running.lines());
      }
    } catch (CheckpointException | IllegalArgumentException e) {
      lines.addAll(List.of("", "does not run: " + Failures.oneLine(e.getMessage())));
    }
    return lines;
  }

  private List<String> everyTensor(Part part) {
    return listed(part).stream().map(t -> line(t.name(), t.shape(), t.dtype())).toList();
  }

  private static List<String> shapes(Part part) {
    return ShapeLine.of(part.tensors()).stream()
        .map(shape -> line(shape.names(), shape.shape(), shape.dtype()))
        .toList();
  }

  private static String line(String names, List<Long> shape, Dtype dtype) {
    return "    " + Failures.oneLine(names) + " " + numbers(shape) + " " + word(dtype);
  }

  private static String numbers(List<Long> shape) {
    return shape.stream().map(String::valueOf).collect(Collectors.joining(",", "[", "]"));
  }

  /** Names of the presets that merge an adapter of this rank; empty for what is no adapter. */
  private static Optional<List<String>> merging(Part part) {
    return recognised(part)
        .filter(known -> known.kind() == Recognised.Kind.LORA)
        .map(known -> known.sizes().get("rank"))
        .map(
            rank ->
                Presets.names().stream()
                    .filter(
                        name ->
                            Presets.find(name).adapters().stream()
                                .anyMatch(adapter -> adapter.rank() == rank))
                    .toList());
  }

  private static String mergedBy(List<String> presets) {
    return presets.isEmpty()
        ? "  merged by --lora; no preset has an adapter of this rank, so give --lora-strength"
        : "  of the rank that --preset " + String.join(" | ", presets) + " merges";
  }

  private static String dtypes(Part part) {
    var counts = part.dtypes();
    return counts.size() == 1
        ? word(counts.keySet().iterator().next())
        : counts.entrySet().stream()
            .map(e -> String.format(Locale.ROOT, "%,d %s", e.getValue(), word(e.getKey())))
            .collect(Collectors.joining(", "));
  }

  private static String memory(Part part) {
    return MEMORY.entrySet().stream()
        .map(e -> ByteCount.words(part.bytesIn(e.getValue())) + " in " + e.getKey())
        .collect(Collectors.joining(", "));
  }

  private static String shortened(String text) {
    var line = Failures.oneLine(text);
    return line.length() <= LONGEST_TEXT
        ? line
        : line.substring(0, LONGEST_TEXT) + "… (" + text.length() + " characters)";
  }

  /** For programs. */
  ObjectNode json() {
    var root = Json.object();
    root.put("path", path.toString());
    root.put("kind", contents.kind().name().toLowerCase(Locale.ROOT));
    var values = root.putObject("values");
    contents.values().forEach(values::put);
    var parts = root.putArray("parts");
    contents.parts().forEach(part -> describe(part, parts.addObject()));
    var runs = root.putArray("runs");
    try {
      Running.of(path, contents).forEach(running -> running.describe(runs.addObject()));
    } catch (CheckpointException | IllegalArgumentException e) {
      root.put("does_not_run", e.getMessage());
    }
    return root;
  }

  private void describe(Part part, ObjectNode node) {
    node.put("name", part.name());
    recognised(part)
        .ifPresent(
            known -> {
              var network = node.putObject("network");
              network.put("kind", known.kind().name().toLowerCase(Locale.ROOT));
              network.put("variant", known.variant());
              known.sizes().forEach((word, size) -> network.put(word.replace(' ', '_'), size));
              known.notes().forEach(network.putArray("notes")::add);
              network.put("words", known.words());
            });
    merging(part).ifPresent(names -> names.forEach(node.putArray("merged_by_presets")::add));
    node.put("tensors", part.tensors().size());
    node.put("parameters", part.parameters());
    node.put("bytes", part.bytes());
    var dtypes = node.putObject("dtypes");
    part.dtypes().forEach((dtype, count) -> dtypes.put(word(dtype), count));
    var memory = node.putObject("bytes_in");
    MEMORY.forEach((word, dtype) -> memory.put(word, part.bytesIn(dtype)));
    var metadata = node.putObject("metadata");
    part.metadata().forEach(metadata::put);
    var shapes = node.putArray("shapes");
    if (each.isPresent()) {
      listed(part).forEach(t -> describe(t.name(), t.shape(), t.dtype(), shapes));
    } else {
      ShapeLine.of(part.tensors()).forEach(s -> describe(s.names(), s.shape(), s.dtype(), shapes));
    }
  }

  private static void describe(String names, List<Long> shape, Dtype dtype, ArrayNode shapes) {
    var node = shapes.addObject().put("name", names).put("dtype", word(dtype));
    shape.forEach(node.putArray("shape")::add);
  }

  private List<TensorInfo> listed(Part part) {
    return part.tensors().stream()
        .filter(t -> each.isEmpty() || each.get().matches(t.name()))
        .toList();
  }

  private static Optional<Recognised> recognised(Part part) {
    return Recognised.of(part.tensors());
  }

  /** A type as people write it. */
  static String word(Dtype dtype) {
    return dtype.name().toLowerCase(Locale.ROOT);
  }
}
