package dev.longtake.hub;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Reads a repository's list of files, page by page. */
final class Listing {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern NEXT = Pattern.compile("<([^>]+)>\\s*;[^,]*rel=\"next\"");
  private static final int MOST_PAGES = 1000;

  private final Hub hub;
  private final Repository repository;

  Listing(Hub hub, Repository repository) {
    this.hub = hub;
    this.repository = repository;
  }

  List<HubFile> read() throws IOException {
    var address =
        hub.at(
            "/api/models/"
                + repository.name()
                + "/tree/"
                + repository.revisionSegment()
                + "?recursive=true");
    List<HubFile> files = new ArrayList<>();
    Optional<URI> page = Optional.of(address);
    for (int i = 0; i < MOST_PAGES && page.isPresent(); i++) {
      try (var answer = hub.get(page.get(), 0, repository.name())) {
        for (var entry : entries(answer.text())) {
          if (entry.path("type").asText().equals("file")) {
            files.add(file(entry));
          }
        }
        page = next(page.get(), answer);
      }
    }
    if (files.isEmpty()) {
      throw new HubException(repository.name() + " has no files; check the name");
    }
    return files;
  }

  private JsonNode entries(String text) {
    try {
      var root = JSON.readTree(text);
      if (root.isArray()) {
        return root;
      }
    } catch (JsonProcessingException e) {
      // Said below: that it is no list is all that matters.
    }
    throw new HubException(
        hub.host()
            + " answers with something that is no list of files; check HF_ENDPOINT or --mirror");
  }

  private HubFile file(JsonNode entry) {
    var path = entry.path("path").asText();
    try {
      var large = entry.path("lfs").path("oid");
      var checksum =
          large.isTextual()
              ? new Checksum(Checksum.Kind.SHA_256, large.asText().replaceFirst("^sha256:", ""))
              : new Checksum(Checksum.Kind.GIT_BLOB, entry.path("oid").asText());
      return new HubFile(path, entry.path("size").asLong(-1), checksum);
    } catch (IllegalArgumentException e) {
      throw HubException.fault(
          "the listing's entry for '" + path + "' has no checksum; try another --mirror", e);
    }
  }

  private static Optional<URI> next(URI page, Answer answer) {
    var link = NEXT.matcher(answer.header("Link").orElse(""));
    return link.find() ? Optional.of(page.resolve(link.group(1))) : Optional.empty();
  }
}
