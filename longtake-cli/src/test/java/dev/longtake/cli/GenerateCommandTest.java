package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.longtake.media.Frame;
import dev.longtake.media.FrameSource;
import dev.longtake.media.Png;
import dev.longtake.media.Sampling;
import dev.longtake.media.VideoReader;
import dev.longtake.rollout.TinyModel;
import dev.longtake.rollout.VideoModel;
import dev.longtake.world.Caption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole way from a prompt to files, with random weights. */
class GenerateCommandTest {
  private static final String PROMPT = "a red cube and a blue sphere in a brick room";

  @TempDir private static Path model;
  @TempDir private Path folder;

  @BeforeAll
  static void write() {
    TinyModel.write(model, Caption.vocabulary());
  }

  @Test
  void twoSecondsAreThirtyTwoFramesOfTheModelsSize() {
    var video = generate("clip.mp4", "--seconds", 2);

    var info = VideoReader.probe(video);
    assertThat(info.frames()).isEqualTo(32);
    assertThat(info.fps()).isEqualTo(TinyModel.FPS);
    assertThat(info.width()).isEqualTo(TinyModel.WIDTH);
    assertThat(info.height()).isEqualTo(TinyModel.HEIGHT);
    assertThat(folder).isDirectoryNotContaining(file -> file.toString().contains(".part"));
  }

  @Test
  void latentFramesMaySayHowLongTheVideoIs() {
    var video = generate("clip.mp4", "--num_output_frames", 6);

    assertThat(VideoReader.probe(video).frames()).isEqualTo(1 + 4 * 5);
  }

  @Test
  void promptsMayFollowOneAnotherAndSayHowLongTheVideoIs() throws IOException {
    var video = folder.resolve("clip.mp4");
    var spoken =
        Spoken.by(
            "generate",
            "a red cube[1.5s] | a blue sphere[0.75s]",
            "--on-switch",
            "recompute",
            "--model",
            model,
            "--out",
            video);

    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    var info = VideoReader.probe(video);
    assertThat(info.frames()).isEqualTo(9 + 12 + 12);
    assertThat(info.tags())
        .containsEntry("prompt", "a red cube")
        .containsEntry("on_switch", "recompute")
        .hasEntrySatisfying("schedule", text -> assertThat(text).contains("a blue sphere"));
    var facts = json(Files.readString(folder.resolve("clip.json")));
    assertThat(facts.path("prompt").asText()).isEqualTo("a red cube");
    assertThat(facts.path("on_switch").asText()).isEqualTo("recompute");
    assertThat(facts.path("schedule"))
        .isEqualTo(
            json(
                """
                {"prompts": ["a red cube", "a blue sphere"], "switch_frame_indices": [6],
                 "num_output_frames": 9}"""));
  }

  @Test
  void whatMemoryDoesAtAChangeOfPromptLeavesWhatCameBeforeAlone() {
    var videos = new ArrayList<List<Frame>>();
    for (var how : List.of("keep", "flush", "recompute")) {
      var video = folder.resolve(how + ".mp4");
      var spoken =
          Spoken.by(
              "generate",
              "a red cube[1.5s] | a blue sphere[0.75s]",
              "--on-switch",
              how,
              "--memory",
              "full",
              "--model",
              model,
              "--out",
              video);
      assertThat(spoken.code()).as("%s", spoken.err()).isZero();
      videos.add(frames(video));
    }
    assertThat(videos.get(1).subList(0, 21)).isEqualTo(videos.get(0).subList(0, 21));
    assertThat(videos.get(2).subList(0, 21)).isEqualTo(videos.get(0).subList(0, 21));
  }

  @Test
  void severalPromptsInAFileBecomeSeveralNumberedVideos() throws IOException {
    var prompts = folder.resolve("list.jsonl");
    Files.writeString(
        prompts,
        """
        {"prompts": ["a red cube"], "num_output_frames": 3}
        {"prompts": ["a red cube", "a blue sphere"], "switch_frame_indices": [3]}
        """);
    var spoken =
        Spoken.by(
            "generate",
            "--prompts",
            prompts,
            "--seconds",
            1,
            "--model",
            model,
            "--out",
            folder.resolve("clip.mp4"));

    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    assertThat(spoken.out().lines()).hasSize(2);
    assertThat(folder.resolve("clip.mp4")).doesNotExist();
    for (int number = 1; number <= 2; number++) {
      assertThat(VideoReader.probe(folder.resolve("clip-" + number + ".mp4")).frames())
          .isEqualTo(16);
      assertThat(folder.resolve("clip-" + number + ".png")).exists();
      var facts = json(Files.readString(folder.resolve("clip-" + number + ".json")));
      assertThat(facts.has("schedule")).isEqualTo(number == 2);
    }
  }

  @Test
  void picturesOfSeveralVideosWouldMix() throws IOException {
    var prompts = Files.writeString(folder.resolve("list.txt"), "a red cube\na blue sphere\n");
    var spoken =
        Spoken.by(
            "generate",
            "--prompts",
            prompts,
            "--model",
            model,
            "--frames-dir",
            folder.resolve("frames"),
            "--out",
            folder.resolve("clip.mp4"));

    assertThat(spoken.code()).isEqualTo(2);
    assertThat(spoken.err()).hasSize(1).first().asString().contains("one video", "leave it out");
    assertThat(folder.resolve("frames")).doesNotExist();
  }

  @Test
  void theReleasedMemoryMakesVideosToo() {
    var one = generate("a.mp4", "--seconds", 2.5, "--memory", "context-forcing-released");
    var two = generate("b.mp4", "--seconds", 2.5, "--memory", "context-forcing-released");

    assertThat(VideoReader.probe(one).tags()).containsEntry("memory", "context-forcing-released");
    assertThat(frames(one)).hasSize(40).isEqualTo(frames(two));
  }

  @Test
  void theVideoTellsHowItWasMade() {
    var video =
        generate(
            "clip.mp4",
            "--seconds",
            0.5,
            "--seed",
            7,
            "--memory",
            "full",
            "--arithmetic",
            "plain-fp8");

    assertThat(VideoReader.probe(video).tags())
        .containsEntry("prompt", PROMPT)
        .containsEntry("seed", "7")
        .containsEntry("model", "tiny")
        .containsEntry("memory", "full")
        .containsEntry("arithmetic", "plain-fp8")
        .containsEntry("software", Software.nameAndVersion());
  }

  @Test
  void theSidecarTellsHowTheVideoWasMade() throws IOException {
    var options = List.of("--seconds", 1, "--seed", 7, "--steps", 1, "--device", "cpu");
    var compute = List.of("--arithmetic", "plain-fp8", "--text-encoder", "passing");
    generate("clip.mp4", Stream.concat(options.stream(), compute.stream()).toArray());

    var facts = json(Files.readString(folder.resolve("clip.json")));
    assertThat(facts.path("arithmetic").asText()).isEqualTo("plain-fp8");
    assertThat(facts.path("text_encoder").asText()).isEqualTo("passing");
    assertThat(facts.path("prompt").asText()).isEqualTo(PROMPT);
    assertThat(facts.path("seed").asLong()).isEqualTo(7);
    assertThat(facts.path("model").path("name").asText()).isEqualTo("tiny");
    assertThat(facts.path("model").path("transformer_sha256").asText()).hasSize(64);
    assertThat(facts.path("memory").asText()).isEqualTo(TinyModel.MEMORY);
    assertThat(facts.path("sampling").path("kind").asText()).isEqualTo("euler");
    assertThat(facts.path("sampling").path("steps").asInt()).isEqualTo(1);
    assertThat(facts.path("sampling").path("guidance").asDouble()).isEqualTo(1);
    assertThat(facts.path("frames").asLong()).isEqualTo(16);
    assertThat(facts.path("fps").asInt()).isEqualTo(TinyModel.FPS);
    assertThat(facts.path("width").asInt()).isEqualTo(TinyModel.WIDTH);
    assertThat(facts.path("height").asInt()).isEqualTo(TinyModel.HEIGHT);
    assertThat(facts.path("device").asText()).isEqualTo("cpu");
    assertThat(facts.path("dtype").asText()).isEqualTo("float32");
    assertThat(facts.path("seconds_taken").asDouble()).isPositive();
    assertThat(facts.path("frames_per_second").asDouble()).isPositive();
    assertThat(facts.path("software").asText()).startsWith("longtake ");
  }

  @Test
  void aContactSheetLiesBesideTheVideo() {
    generate("clip.mp4", "--seconds", 0.5);

    var sheet = Png.read(folder.resolve("clip.png"));
    assertThat(sheet.width()).isGreaterThan(5 * TinyModel.WIDTH);
  }

  @Test
  void theSameSeedGivesTheSameFrames() {
    var one = frames(generate("one.mp4", "--seconds", 1, "--seed", 3));
    var two = frames(generate("two.mp4", "--seconds", 1, "--seed", 3));
    var other = frames(generate("other.mp4", "--seconds", 1, "--seed", 4));

    assertThat(two).isEqualTo(one);
    assertThat(other).isNotEqualTo(one);
  }

  @Test
  void everyFrameMayBeAPictureToo() {
    var pictures = folder.resolve("frames");
    generate("clip.mp4", "--seconds", 0.75, "--frames-dir", pictures);

    assertThat(frames(pictures)).hasSize(12);
    assertThat(pictures.resolve("frame-000011.png")).exists();
  }

  @Test
  void aVideoGoesOnFromAGivenOne() throws IOException {
    var pictures = folder.resolve("frames");
    var first = generate("first.mp4", "--seconds", 1.5, "--frames-dir", pictures);

    var fromVideo = frames(generate("a.mp4", "--seconds", 1, "--continue", first));
    var fromPictures = frames(generate("b.mp4", "--seconds", 1, "--continue", pictures));
    var fromNothing = frames(generate("c.mp4", "--seconds", 1));

    assertThat(fromVideo).hasSize(16).isNotEqualTo(fromNothing);
    assertThat(fromPictures).hasSize(16).isNotEqualTo(fromNothing);
    var continues = json(Files.readString(folder.resolve("a.json"))).path("continues");
    assertThat(continues.path("video").asText()).isEqualTo(first.toString());
    assertThat(continues.path("frames_used").asInt()).isEqualTo(21);
    assertThat(continues.path("frames_skipped").asInt()).isEqualTo(3);
  }

  @Test
  void metadataCanBeLeftOut() {
    var video = generate("clip.mp4", "--seconds", 0.5, "--no-metadata");

    assertThat(VideoReader.probe(video).tags().values())
        .noneMatch(value -> value.contains("cube") || value.contains("tiny"));
    assertThat(folder.resolve("clip.json")).doesNotExist();
  }

  @Test
  void programsGetOneObjectOnStandardOutput() throws IOException {
    var video = folder.resolve("clip.mp4");
    var spoken = spoken(video, "--seconds", 0.5, "--json");

    var facts = json(spoken.out());
    assertThat(facts.path("video").asText()).isEqualTo(video.toString());
    assertThat(facts).isEqualTo(json(Files.readString(folder.resolve("clip.json"))));
    assertThat(spoken.err()).isEmpty();
  }

  @Test
  void peopleGetOneLine() {
    var video = folder.resolve("clip.mp4");
    var spoken = spoken(video, "--seconds", 0.5);

    assertThat(spoken.out().lines()).hasSize(1);
    assertThat(spoken.out()).startsWith(video + ": 0.5 s, ").contains(" frames/s");
  }

  @Test
  void wordsThatTheModelDoesNotKnowAreNamed() {
    var spoken =
        Spoken.by(
            "generate",
            "a purple unicorn in a disco",
            "--seconds",
            0.5,
            "--model",
            model,
            "--out",
            folder.resolve("clip.mp4"));

    assertThat(spoken.code()).isZero();
    assertThat(spoken.err())
        .containsExactly("longtake: warning: the model does not know: unicorn, disco");
  }

  @Test
  void whereTheTextEncoderIsDoesNotChangeTheVideo() throws IOException {
    var stays = generate("stays.mp4", "--seconds", 0.5);
    var passes = generate("passes.mp4", "--seconds", 0.5, "--text-encoder", "passing");

    assertThat(passes).hasSameBinaryContentAs(stays);
  }

  @Test
  void overlapDoesNotChangeTheVideo() throws IOException {
    var inTurn = generate("in-turn.mp4", "--seconds", 2, "--overlap", "off");
    var meanwhile = generate("meanwhile.mp4", "--seconds", 2, "--overlap", "on");

    assertThat(meanwhile).hasSameBinaryContentAs(inTurn);
    assertThat(VideoReader.probe(meanwhile).frames()).isEqualTo(32);
    assertThat(json(Files.readString(folder.resolve("meanwhile.json"))).path("overlap").asText())
        .isEqualTo("on");
  }

  @Test
  void anOlderVideoOfTheSameNameIsReplaced() throws IOException {
    Files.writeString(folder.resolve("clip.mp4"), "old");

    assertThat(VideoReader.probe(generate("clip.mp4", "--seconds", 0.5)).frames()).isEqualTo(8);
  }

  @Test
  void aModelThatCannotBeLoadedLeavesNoFiles() throws IOException {
    var broken =
        TinyModel.write(Files.createDirectory(folder.resolve("broken")), Caption.vocabulary());
    Files.copy(
        broken.resolve(VideoModel.VAE),
        broken.resolve(VideoModel.TRANSFORMER),
        StandardCopyOption.REPLACE_EXISTING);
    var video = folder.resolve("clip.mp4");

    var spoken = Spoken.by("generate", PROMPT, "--model", broken, "--out", video);

    assertThat(spoken.code()).isEqualTo(2);
    assertThat(spoken.err()).hasSize(1);
    assertThat(folder).isDirectoryNotContaining(file -> file.toString().contains("clip"));
  }

  private Path generate(String name, Object... options) {
    var video = folder.resolve(name);
    var spoken = spoken(video, options);
    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    return video;
  }

  private static Spoken spoken(Path video, Object... options) {
    var all = new ArrayList<Object>(List.of("generate", PROMPT, "--model", model, "--out", video));
    all.addAll(List.of(options));
    return Spoken.by(all.toArray());
  }

  private static List<Frame> frames(Path video) {
    var frames = new ArrayList<Frame>();
    try (var source = FrameSource.open(video, Sampling.NONE)) {
      source.forEachRemaining(frames::add);
    }
    return frames;
  }

  private static JsonNode json(String text) throws IOException {
    return new ObjectMapper().readTree(text);
  }
}
