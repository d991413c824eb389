package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.TinyModel;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Tensor;
import dev.longtake.world.Caption;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A mistake costs one line that names value and remedy, exit code 2, and no file. */
class BadInputTest {
  private static final String CUBE = "a red cube";

  @TempDir private Path folder;

  /** What is asked for, and what the line must contain. */
  static Stream<Arguments> mistakes() {
    return Stream.of(
        mistake("genrate 'x'", "unknown command 'genrate'", "did you mean generate?"),
        mistake("generate 'x' --secnds 3", "unknown option --secnds", "did you mean --seconds"),
        mistake("generate 'x' --frobnicate", "unknown option --frobnicate", "--help"),
        mistake("generate red cube", "unexpected argument 'cube'", "quotes"),
        mistake("generate", "PROMPT", "longtake generate --help"),
        mistake("generate 'x' --prompts y.txt", "both say what to show", "one of them"),
        mistake("generate 'x' --on-switch forget", "'forget'", "keep or flush or recompute"),
        mistake(
            "generate 'x' --memory context-forcing-released --on-switch recompute",
            "other frames in every layer",
            "give keep or flush"),
        mistake("generate 'x' --seed", "--seed", "--help"),
        mistake("generate 'x' --seed 1.5", "--seed", "'1.5' is not a whole number"),
        mistake("generate 'x' --seconds long", "--seconds", "'long' is not a number"),
        mistake("generate ''", "the prompt is empty", "say what"),
        mistake("generate '  '", "the prompt is empty", "say what"),
        mistake("generate 'x' --seconds 0", "--seconds is 0", "60"),
        mistake("generate 'x' --seconds -3", "--seconds is -3", "above 0"),
        mistake("generate 'x' --seconds NaN", "--seconds is NaN", "above 0"),
        mistake("generate 'x' --seconds 86401", "--seconds is 86401", "at most 86400"),
        mistake("generate 'x' --num_output_frames 20", "is 20", "give 18"),
        mistake("generate 'x' --num_output_frames 21 --seconds 5", "give one of them"),
        mistake("generate 'x' --memory slidng-window", "'slidng-window'", "sliding-window?"),
        mistake("generate 'x' --memory full:3", "full takes no arguments"),
        mistake("generate 'x' --steps 0", "--steps is 0", "1 or more"),
        mistake("generate 'x' --guidance 0.5", "--guidance is 0.5", "1 or more"),
        mistake("generate 'x' --threads 0", "--threads is 0", "1 or more"),
        mistake("generate 'x' --dtype int8", "'int8'", "float32 or bfloat16"),
        mistake("generate 'x' --text-encoder gpu", "'gpu'", "device, passing or cpu"),
        mistake("generate 'x' --preset self-frocing", "'self-frocing'", "there are self-forcing"),
        mistake("generate 'x' --decoder small", "'small'", "give full or tiny"),
        mistake("generate 'x' --decoder full --tiny-decoder y", "contradict", "leave one of them"),
        mistake("generate 'x' --lora-strength 1", "--lora is not", "give both, or neither"),
        mistake("generate 'x' --lora y --lora-strength 0", "is 0.0", "above 0"),
        mistake("bench --decoder small", "'small'", "give full or tiny"),
        mistake("generate 'x' --out film.avi", "film.avi", "must end in .mp4"),
        mistake("generate 'x' --out /nowhere/x.mp4", "/nowhere does not exist", "create it"),
        mistake("generate 'x' --out missing/model.mp4 --model .", "missing", "create it"),
        mistake("generate 'x' --out ''", "--out", "the path is empty", "give a name"),
        mistake("generate 'x' --model ''", "--model", "the path is empty"),
        mistake("generate 'x' --model /nowhere", "/nowhere", "no config.json"),
        mistake("bench --seconds 0", "--seconds is 0", "above 0"),
        mistake("bench --warmup -1", "--warmup is -1", "0 or more"),
        mistake("bench --runs 0", "--runs is 0", "1 or more"),
        mistake("bench --threads 0", "--threads is 0", "1 or more"),
        mistake("bench --dtype int8", "'int8'", "float32 or bfloat16"),
        mistake("bench --format xml", "'xml'", "text, csv or json"),
        mistake("bench --memory slidng-window", "'slidng-window'", "sliding-window?"),
        mistake("bench --model /nowhere", "/nowhere", "no config.json"),
        mistake("world --size big", "'big'", "192x128"),
        mistake("world --size 190x127", "height must be even", "126 or 128"),
        mistake("world --seed -1", "-1", "0 to"),
        mistake("world --seconds 0", "--seconds is 0", "60"),
        mistake("world --seconds 0.01", "less than one frame", "0.0625"),
        mistake("download", "REPO", "longtake download --help"),
        mistake("download a/b --out ''", "--out", "the path is empty", "or . for this folder"),
        mistake("download a/b --out pom.xml", "--out is pom.xml", "is a file; give a folder"),
        mistake("download a/b --out pom.xml/c", "--out is pom.xml/c", "pom.xml is a file"),
        mistake("download model", "'model' is no repository", "OWNER/NAME"),
        mistake("download a/b --revision 'x y'", "'x y' is no revision", "main"),
        mistake("download a/b --mirror nowhere", "'nowhere' is no server's address", "https://"),
        mistake("download a/b --mirror 'http://a b'", "is no server's address", "https://"),
        mistake("download a/b --timeout 0", "--timeout is 0", "0.1 to 3600"),
        mistake("download a/b --retries -1", "--retries is -1", "0 or more"),
        mistake("inspect ''", "PATH", "the path is empty"),
        mistake("inspect", "PATH", "longtake inspect --help"),
        mistake("inspect /nowhere/x.pt", "/nowhere/x.pt", "no such file"),
        mistake("inspect pom.xml", "pom.xml", "not safetensors"),
        mistake("inspect src", "src", "holds no weights"),
        mistake("inspect a.pt b.pt", "unexpected argument 'b.pt'", "inspect --help"),
        mistake("convert a.pt", "OUT", "longtake convert --help"),
        mistake("convert /nowhere/x.pt y.safetensors", "/nowhere/x.pt", "no such file"),
        mistake("convert x.pt y.bin", "'y.bin' has no ending", ".safetensors or .pt"),
        mistake("convert x.pt src", "'src' has no ending", ".safetensors or .pt"),
        mistake("convert x.pt y.safetensors --dtype int8", "--dtype 'int8'", "bfloat16"),
        mistake("convert x.pt y.safetensors --names mine", "--names 'mine'", "diffusers"),
        mistake("convert x y.safetensors --shard-size 5", "--shard-size is '5'", "5GB"),
        mistake("convert x y.safetensors --shard-size 0GB", "--shard-size is '0GB'", "above 0"),
        mistake("convert x y.pt --shard-size 5GB", "--shard-size divides safetensors", "y.pt"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("mistakes")
  void isOneLineThatNamesValueAndRemedy(String arguments, List<String> parts) {
    var spoken = Spoken.by(words(arguments));

    assertMistake(spoken, parts);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("mistakesWithAModel")
  void isOneLineAlsoWithAModel(String arguments, List<String> parts) throws IOException {
    var model =
        TinyModel.write(Files.createDirectory(folder.resolve("model")), Caption.vocabulary());
    Files.writeString(folder.resolve("notes.txt"), "no video");
    var before = entries();
    var all = new ArrayList<Object>(List.of(words(arguments.replace("{}", folder.toString()))));
    all.addAll(List.of("--model", model, "--out", folder.resolve("new.mp4")));

    assertMistake(Spoken.by(all.toArray()), parts);
    assertThat(entries()).isEqualTo(before);
  }

  static Stream<Arguments> mistakesWithAModel() {
    return Stream.of(
        mistake("generate '" + "cube ".repeat(60) + "'", "prompt has 61 tokens", "at most 48"),
        mistake("generate --prompts {}/none.txt", "no file of prompts", "none.txt"),
        mistake("generate --prompts {}/prompts.yaml", "prompts.yaml", "end in .txt, .jsonl"),
        mistake("generate 'a[5s#] | b'", "'[5s#]' asks for a scene cut", "give [5s]"),
        mistake("generate 'a[-1s]|b'", "'[-1s]' is no duration", "[5s]"),
        mistake("generate 'a[5s'", "'[5s' is no duration", "[5s]"),
        mistake("generate 'a | b ; one | two'", "'; one | two' would be subtitles", "leave out"),
        mistake("generate 'a[6s] | b[6s]' --seconds 5", "prompt 2 starts at chunk 8", "longer"),
        mistake("generate 'a[6s] | " + "cube ".repeat(60) + "'", "has 61 tokens", "at most 48"),
        mistake(
            "generate 'x' --memory context-forcing-released --guidance 2",
            "guidance is 2.0",
            "give 1"),
        mistake("generate 'x' --memory rolling-forcing", "small steps (euler)", "another memory"),
        mistake(
            "generate 'x' --memory rolling-forcing --on-switch recompute",
            "begun the next chunks under the old prompt",
            "give keep or flush"),
        mistake("generate 'x' --overlap maybe", "overlap 'maybe'", "auto, on or off"),
        mistake("generate 'x' --replay maybe", "replay 'maybe'", "auto, on or off"),
        mistake("generate 'x' --replay on --device cpu", "not on cpu under", "give --replay auto"),
        mistake("generate 'x' --device tpu", "'tpu'", "cpu, cuda, cuda:N or auto"),
        mistake("generate 'x' --device cuda:99", "cuda:99", "--device cpu"),
        mistake("generate 'x' --seconds 0.01", "less than one frame at 16", "0.0625"),
        mistake(
            "generate 'x' --num_output_frames 9999999", "is 9999999, more than a day", "345600"),
        mistake("generate 'x' --num_output_frames 2147483646", "is 2147483646, more than a day"),
        mistake("generate 'x' --continue {}/none.mp4", "none.mp4", "no such file"),
        mistake("generate 'x' --continue {}/notes.txt", "notes.txt", "cannot read"),
        mistake("generate 'x' --frames-dir {}/notes.txt", "notes.txt is a file", "give a folder"),
        mistake("generate 'x' --frames-dir {}", "is not empty", "new folder"));
  }

  @Test
  void helpTellsTheExitCodes() {
    assertThat(Spoken.by("--help").out()).contains("Exit codes:", "1 ", "A server failed", "130");
  }

  @Test
  void aDiskThatFillsUpIsNotTheUsersMistake() throws IOException {
    assumeTrue(Files.exists(Path.of("/dev/full")), "needs Linux");
    var video = folder.resolve("clip.mp4");
    Files.createSymbolicLink(folder.resolve("clip.part.mp4"), Path.of("/dev/full"));

    var spoken = Spoken.by("world", "--seconds", 1, "--size", "64x64", "--out", video);

    assertThat(spoken.err()).hasSize(1);
    assertThat(spoken.err().getFirst()).contains("No space left on device");
    assertThat(spoken.code()).isEqualTo(1);
    assertThat(video).doesNotExist();
  }

  @Test
  void memoryThatRanOutIsToldWithItsRemedies() {
    var said = new StringWriter();
    var out = new PrintWriter(said, true);
    var terminal = new Terminal(out, out, 0);

    var failure = catchThrowable(() -> Tensor.zeros(Dtype.FLOAT32, Device.CPU, 1L << 25, 1L << 25));
    int code = new Failures(terminal).handle(failure, Main.commandLine(terminal));

    assertMistake(
        new Spoken(code, "", said.toString().lines().toList()),
        List.of("out of memory: zeros", "bytes", "give a shorter --memory"));
  }

  @Test
  void aTruncatedModelIsFoundBeforeItIsLoaded() throws IOException {
    var model =
        TinyModel.write(Files.createDirectory(folder.resolve("model")), Caption.vocabulary());
    var vae = model.resolve(VideoModel.VAE);
    try (var file = FileChannel.open(vae, StandardOpenOption.WRITE)) {
      file.truncate(Files.size(vae) - 4);
    }

    assertMistake(generate(model), List.of("vae.safetensors", "cut short"));
  }

  @Test
  void anIncompleteModelNamesTheFileThatItLacks() throws IOException {
    var model =
        TinyModel.write(Files.createDirectory(folder.resolve("model")), Caption.vocabulary());
    Files.delete(model.resolve(VideoModel.TEXT_ENCODER));

    assertMistake(generate(model), List.of("lacks text_encoder.safetensors", "copy"));
  }

  @Test
  void weightsOfAnotherModelAreRefused() throws IOException {
    var model =
        TinyModel.write(Files.createDirectory(folder.resolve("model")), Caption.vocabulary());
    Files.delete(model.resolve(VideoModel.TRANSFORMER));
    Files.copy(model.resolve(VideoModel.VAE), model.resolve(VideoModel.TRANSFORMER));

    assertMistake(generate(model), List.of("transformer.safetensors", "no tensor"));
  }

  @Test
  void aDamagedConfigurationIsRefused() throws IOException {
    var model =
        TinyModel.write(Files.createDirectory(folder.resolve("model")), Caption.vocabulary());
    Files.writeString(model.resolve(ModelConfig.FILE), "{\"name\": ");

    assertMistake(generate(model), List.of("config.json", "not a model's configuration"));
  }

  @Test
  void aVideoTooShortToContinueIsRefused() throws IOException {
    var model =
        TinyModel.write(Files.createDirectory(folder.resolve("model")), Caption.vocabulary());
    var shot = folder.resolve("short.mp4");
    assertThat(generate(model, "--seconds", 0.5, "--out", shot).code()).isZero();

    var spoken = generate(model, "--continue", shot);

    assertMistake(spoken, List.of("short.mp4 has 8 frames", "at least 9"));
  }

  @Test
  void theVideoThatIsContinuedIsNotOverwritten() throws IOException {
    var model =
        TinyModel.write(Files.createDirectory(folder.resolve("model")), Caption.vocabulary());
    var video = Files.writeString(folder.resolve("clip.mp4"), "precious");

    var spoken = generate(model, "--continue", video, "--out", video);

    assertMistake(spoken, List.of("clip.mp4", "another name"));
    assertThat(video).hasContent("precious");
  }

  @Test
  void aStackTraceIsShownOnRequestOnly() {
    var spoken = Spoken.by("generate", "", "--stacktrace");

    assertThat(spoken.code()).isEqualTo(2);
    assertThat(spoken.err()).anyMatch(line -> line.contains("at dev.longtake.cli"));
    assertThat(spoken.err().getLast()).startsWith("longtake: the prompt is empty");
  }

  private Spoken generate(Path model, Object... options) {
    var all = new ArrayList<Object>(List.of("generate", CUBE, "--model", model));
    all.addAll(List.of(options));
    if (!all.contains("--out")) {
      all.addAll(List.of("--out", folder.resolve("new.mp4")));
    }
    return Spoken.by(all.toArray());
  }

  private List<Path> entries() throws IOException {
    try (var files = Files.walk(folder)) {
      return files.sorted().toList();
    }
  }

  private void assertMistake(Spoken spoken, List<String> parts) {
    assertThat(spoken.err()).hasSize(1);
    assertThat(spoken.err().getFirst()).startsWith("longtake: ").contains(parts);
    assertThat(spoken.code()).isEqualTo(2);
    assertThat(spoken.out()).isEmpty();
    assertThat(folder.resolve("new.mp4")).doesNotExist();
  }

  private static Arguments mistake(String arguments, String... parts) {
    return Arguments.of(arguments, List.of(parts));
  }

  /** Splits at spaces, but not between single quotes. */
  private static Object[] words(String line) {
    return Arrays.stream(line.split(" (?=(?:[^']*'[^']*')*[^']*$)"))
        .map(word -> word.replace("'", ""))
        .toArray();
  }
}
