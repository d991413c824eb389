package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.rollout.TinyModel;
import dev.longtake.world.Caption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EncodeCommandTest {
  @TempDir private Path folder;
  private Path model = Path.of("");
  private Path videos = Path.of("");

  @BeforeEach
  void write() throws Exception {
    model = TinyModel.write(Files.createDirectories(folder.resolve("model")), Caption.vocabulary());
    videos = Files.createDirectories(folder.resolve("videos"));
    var made =
        Spoken.by(
            "world", "--seconds", "1", "--size", "32x32", "--out", videos.resolve("good.mp4"));
    Files.writeString(videos.resolve("good.txt"), made.out());
    Files.writeString(videos.resolve("bad.mp4"), "no video");
    Files.writeString(videos.resolve("bad.txt"), "a room");
  }

  @Test
  void aFolderBecomesACacheAndWhatWasSkippedIsCountedAndListed() throws Exception {
    var spoken = encode();
    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    assertThat(spoken.out()).isEqualTo(cache() + "\n");
    assertThat(spoken.err())
        .contains(
            "longtake: skipped 1 videos, listed in " + cache().resolve("skipped.txt"),
            "longtake: " + cache() + " holds 3 clips, 3 of them new");
    assertThat(Files.readString(cache().resolve("skipped.txt"))).contains("bad.mp4: ");
    assertThat(encode().err()).contains("longtake: " + cache() + " holds 3 clips, 0 of them new");
  }

  @Test
  void aDamagedShardIsNamedAndDeletedOnRequest() throws Exception {
    encode();
    var shard = cache().resolve("shard-00000.safetensors");
    Files.write(shard, new byte[] {1}, StandardOpenOption.APPEND);
    refused("shard-00000.safetensors: it has ");
    var spoken = encode("--delete-damaged");
    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    assertThat(spoken.err()).contains("longtake: " + cache() + " holds 3 clips, 3 of them new");
  }

  @Test
  void mistakesAreSaidInOneLine() {
    refused("--resample is 'cubic'; give nearest or linear", "--resample", "cubic");
    refused("4k + 1 frames a clip, not 4 and 6", "--frames", "6");
    refused("--threads is 0", "--threads", "0");
    refused("is not a model folder", "--model", folder);
    refused("no video is left to use", "--frames", "81");
  }

  private void refused(String told, Object... more) {
    var spoken = encode(more);
    assertThat(spoken.code()).as("%s", spoken.err()).isEqualTo(Failures.MISTAKE);
    assertThat(spoken.err()).hasSize(1).first().asString().contains(told);
  }

  private Spoken encode(Object... options) {
    var all = new LinkedHashMap<Object, Object>();
    all.put("--model", model);
    all.put("--frames", 5);
    all.put("--threads", 1);
    for (int i = 0; i + 1 < options.length; i += 2) {
      all.put(options[i], options[i + 1]);
    }
    var words =
        new ArrayList<Object>(List.of("encode", videos, "--out", cache(), "--device", "cpu"));
    all.forEach((option, value) -> words.addAll(List.of(option, value)));
    if (options.length == 1) {
      words.add(options[0]);
    }
    return Spoken.by(words.toArray());
  }

  private Path cache() {
    return folder.resolve("cache");
  }
}
