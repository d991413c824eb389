package dev.longtake.checkpoint;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** What a file is, going by its first bytes. */
enum FileKind {
  ZIP("a zip archive as torch.save writes; open it as a PtCheckpoint"),
  PICKLE(
      "a bare pickle, as PyTorch before 1.6 wrote;"
          + " load it in a current PyTorch and save it again with torch.save"),
  LFS_POINTER("a Git LFS pointer and not the file itself; run 'git lfs pull' where it came from"),
  WEB_PAGE("a web page, perhaps an error message of the download; download it again"),
  OTHER("something else");

  private final String words;

  FileKind(String words) {
    this.words = words;
  }

  /** For messages: what it is, and what helps. */
  String words() {
    return words;
  }

  static FileKind of(MappedFile file) {
    byte[] bytes = file.bytes(0, (int) Math.min(32, file.size()));
    var start = new String(bytes, StandardCharsets.ISO_8859_1);
    if (bytes.length > 8 && bytes[8] == '{') {
      return OTHER; // safetensors: the length before it may look like anything
    }
    if (start.startsWith("PK\3\4")) {
      return ZIP;
    }
    if (bytes.length > 2 && bytes[0] == (byte) 0x80 && bytes[1] >= 2 && bytes[1] <= 5) {
      return PICKLE;
    }
    if (start.startsWith("version https://git-lfs")) {
      return LFS_POINTER;
    }
    var text = start.strip().toLowerCase(Locale.ROOT);
    return text.startsWith("<!doctype") || text.startsWith("<html") ? WEB_PAGE : OTHER;
  }
}
