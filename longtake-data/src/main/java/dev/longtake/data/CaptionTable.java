package dev.longtake.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import dev.longtake.checkpoint.Misread;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Tables of videos: UTF-8 text, separated by commas or tabs as the head is, quoted by the usual
 * rules. A column {@code videoFile} or {@code clip_id} names the video, with or without {@code
 * .mp4}, from the table's folder; a column {@code caption} or {@code Detailed Description} says
 * what it shows: the names that tables of the published training data have.
 */
final class CaptionTable {
  private static final List<String> FILE = List.of("videoFile", "clip_id");
  private static final List<String> CAPTION = List.of("caption", "Detailed Description");

  private CaptionTable() {}

  /**
   * Reads a table.
   *
   * @throws IllegalArgumentException if it cannot be read or lacks a column
   */
  static List<CaptionedVideo> read(Path table, Skipped skipped) {
    var rows = rows(table);
    int file = column(table, rows.getFirst(), FILE);
    int caption = column(table, rows.getFirst(), CAPTION);
    var videos = new ArrayList<CaptionedVideo>();
    for (int line = 1; line < rows.size(); line++) {
      var row = rows.get(line);
      if (row.length <= file || row[file].isBlank()) {
        skipped.add(table, "row " + line + " names no video");
        continue;
      }
      var video = path(table, row[file].strip(), line);
      if (row.length <= caption || row[caption].isBlank()) {
        skipped.add(video, "no caption in row " + line + " of " + table);
      } else {
        videos.add(new CaptionedVideo(video, row[caption].strip()));
      }
    }
    return videos;
  }

  private static Path path(Path table, String name, int line) {
    try {
      return CaptionedVideo.named(table.toAbsolutePath().resolveSibling(""), name);
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException(
          table + ", row " + line + ": '" + name + "' is no name of a file", e);
    }
  }

  private static int column(Path table, String[] head, List<String> names) {
    for (int i = 0; i < head.length; i++) {
      if (names.contains(head[i].strip())) {
        return i;
      }
    }
    throw new IllegalArgumentException(
        table
            + " has columns "
            + List.of(head)
            + "; name one "
            + String.join(" or ", names)
            + " in its first line");
  }

  private static List<String[]> rows(Path table) {
    try {
      var text = Files.readString(table).replaceFirst("^\\uFEFF", "");
      var head = text.lines().findFirst().orElse("");
      var mapper = CsvMapper.builder().enable(CsvParser.Feature.WRAP_AS_ARRAY).build();
      var schema =
          mapper.schemaFor(String[].class).withColumnSeparator(head.contains("\t") ? '\t' : ',');
      try (MappingIterator<String[]> rows =
          mapper.readerFor(String[].class).with(schema).readValues(text)) {
        var all = rows.readAll();
        all.removeIf(row -> row.length == 0 || row.length == 1 && row[0].isBlank());
        if (all.isEmpty()) {
          throw new IllegalArgumentException(table + " is empty; give a head and a row a video");
        }
        return all;
      }
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(table + " is no table: " + Misread.of(e), e);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "table " + table + " cannot be read as UTF-8 text: " + e.getMessage(), e);
    }
  }
}
