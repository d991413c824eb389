package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.longtake.eval.CaptionObjects;
import dev.longtake.eval.Revisit;
import dev.longtake.eval.VaeQuality;
import dev.longtake.rollout.TinyModel;
import dev.longtake.train.EventFile;
import dev.longtake.world.Caption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Measurements from a terminal; what they measure is tested beside them. */
class EvalCommandTest {
  @TempDir private Path folder;

  @Test
  void aMeasurementIsALineAndAFile() throws IOException {
    var model = TinyModel.write(folder, Caption.vocabulary());
    var out = folder.resolve("results");

    var spoken =
        Spoken.by("eval", "vae", "--model", model, "--device", "cpu", "--worlds", 1, "--out", out);

    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    assertThat(spoken.out()).contains(" dB on average over 1 worlds");
    var result = new ObjectMapper().readTree(out.resolve("vae-quality.json").toFile());
    assertThat(result.path("subject").path("model").asText()).isEqualTo("tiny");
    assertThat(result.path("worlds").size()).isEqualTo(1);
  }

  @Test
  void objectsAndTheDistanceOfPicturesAreOfOneRun() throws IOException {
    var model = TinyModel.write(folder, Caption.vocabulary());
    var out = folder.resolve("results");

    var spoken =
        Spoken.by(
            "eval",
            "objects",
            "--model",
            model,
            "--device",
            "cpu",
            "--worlds",
            2,
            "--seconds",
            1,
            "--out",
            out);

    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    var result = new ObjectMapper().readTree(out.resolve("caption-objects.json").toFile());
    var distance = result.path("latent_frechet_distance");
    assertThat(distance.path("method").asText()).contains("|mu1 - mu2|^2", "same autoencoder");
    assertThat(distance.path("features").asInt()).isEqualTo(2 * 3 * 4); // frames of 2 x 2 patches
    double generated = distance.path("generated").path("whole").asDouble();
    assertThat(generated).isPositive();
    assertThat(spoken.out())
        .contains(String.format(Locale.ROOT, "pictures:      %.2f from the truth", generated))
        .contains(
            String.format(
                Locale.ROOT,
                "drift:         %.2f in the first quarter, %.2f in the last",
                distance.path("generated").path("first_quarter").asDouble(),
                distance.path("generated").path("last_quarter").asDouble()));
  }

  @Test
  void whatWasMeasuredBeforeAnEndIsThere() throws IOException {
    var model = TinyModel.write(folder, Caption.vocabulary());
    var out = folder.resolve("results");
    // The third world has a number that there is none of, long after the first two are measured.
    long last = (1L << 40) - 2;

    var spoken =
        Spoken.by(
            "eval",
            "objects",
            "--model",
            model,
            "--device",
            "cpu",
            "--worlds",
            3,
            "--seconds",
            1,
            "--seed",
            last,
            "--out",
            out);

    assertThat(spoken.code()).isEqualTo(2);
    assertThat(spoken.err().getLast()).contains("seeds are numbered 0 to 2^40 - 1");
    var result = new ObjectMapper().readTree(out.resolve("caption-objects.json").toFile());
    assertThat(result.path("settings").path("worlds").asInt()).isEqualTo(2);
    assertThat(result.path("clips").size()).isEqualTo(2);
  }

  @Test
  void withoutAMeasurementTheyAreListed() {
    var spoken = Spoken.by("eval");

    assertThat(spoken.code()).isZero();
    assertThat(spoken.out()).contains("vae", "objects", "memory", "losses");
  }

  @Test
  void lossesOfARunAreLinesAPageCurvesAndNumbers() throws IOException {
    var run = folder.resolve("mini");
    try (var events = EventFile.in(run.resolve("local-dmd/tensorboard"))) {
      events.scalars(9, Map.of("generator_loss", 0.5, "per iteration time", 0.25));
      events.scalars(19, Map.of("generator_loss", 0.3, "per iteration time", 0.15));
    }
    var out = folder.resolve("results");

    var spoken = Spoken.by("eval", "losses", run, "--out", out);

    assertThat(spoken.code()).as("%s", spoken.err()).isZero();
    assertThat(spoken.err()).isEmpty();
    assertThat(spoken.out())
        .containsPattern("^mini, local-dmd: 20 steps in [0-9.]+ s, 200 ms/step")
        .contains("  generator_loss 0.400, then 0.400");
    var result = new ObjectMapper().readTree(out.resolve("losses.json").toFile());
    var curve = result.path("stages").path(0).path("losses").path(0);
    assertThat(curve.path("steps").toString()).isEqualTo("[9,19]");
    assertThat(curve.path("values").toString()).isEqualTo("[0.5,0.3]");
    assertThat(out.resolve("losses.svg")).content().contains("generator_loss");
    assertThat(out.resolve("losses.md")).content().contains("| mini | local-dmd | 20 |");
  }

  @Test
  void lossesThatAreNotThereAreToldInALine() throws IOException {
    var damaged = folder.resolve("damaged/vae/tensorboard");
    Files.createDirectories(damaged);
    Files.writeString(damaged.resolve("events.out.tfevents.1.longtake"), "no events at all");
    var out = folder.resolve("results");

    assertMistake("is damaged: the checksum at byte 8", folder.resolve("damaged"), "--out", out);
    assertMistake("give the folder that was --out of longtake train", damaged, "--out", out);
    assertMistake("is no folder", folder.resolve("absent"), "--out", out);
    assertMistake("missing required parameter: 'RUN'", "--out", out);
    var file = Files.writeString(folder.resolve("file"), "");
    assertMistake("results cannot go to", folder.resolve("absent"), "--out", file);
    assertThat(out).doesNotExist();
  }

  private static void assertMistake(String saying, Object... arguments) {
    var words = Stream.concat(Stream.of("eval", "losses"), Stream.of(arguments)).toArray();
    var spoken = Spoken.by(words);

    assertThat(spoken.code()).isEqualTo(2);
    assertThat(spoken.out()).isEmpty();
    assertThat(spoken.err()).singleElement().asString().contains(saying);
  }

  @Test
  void everyMeasurementSaysHowLongItTakes() {
    for (var name : new String[] {"vae", "objects", "memory"}) {
      assertThat(Spoken.by("eval", name, "--help").out())
          .as(name)
          .containsPattern("About\\s+\\d+\\s+(seconds|minutes?)\\s+a\\s+world");
    }
  }

  @Test
  void worldsAreAsManyAsTheLibrarySays() {
    assertThat(Spoken.by("eval", "objects", "--help").out())
        .contains("Default: " + CaptionObjects.Settings.DEFAULT.worlds());
    assertThat(Spoken.by("eval", "vae", "--help").out())
        .contains("Default: " + VaeQuality.Settings.DEFAULT.worlds());
    assertThat(Spoken.by("eval", "memory", "--help").out())
        .contains("Default: " + Revisit.Settings.DEFAULT.worlds());
  }

  @Test
  void aPlaceThatCannotBeWrittenIsFoundBeforeTheModelIsLoaded() throws IOException {
    var file = Files.writeString(folder.resolve("file"), "");

    for (var name : new String[] {"vae", "objects", "memory"}) {
      var spoken = Spoken.by("eval", name, "--model", "nowhere", "--out", file);

      assertThat(spoken.code()).isEqualTo(2);
      assertThat(spoken.err()).hasSize(1).first().asString().contains("results cannot go to");
    }
  }

  @Test
  void mistakesAreFoundBeforeTheModelIsLoaded() {
    var spoken = Spoken.by("eval", "memory", "--memory", "slidng-window", "--model", "nowhere");

    assertThat(spoken.code()).isEqualTo(2);
    assertThat(spoken.err()).hasSize(1);
    assertThat(spoken.err().getFirst()).contains("did you mean sliding-window?");

    var rolling = Spoken.by("eval", "memory", "--memory", "rolling-forcing", "--model", "nowhere");
    assertThat(rolling.code()).isEqualTo(2);
    assertThat(rolling.err()).singleElement().asString().contains("chunk by chunk; leave it out");

    var fast = Spoken.by("eval", "memory", "--turn", "30", "--turn", "3", "--model", "nowhere");
    assertThat(fast.code()).isEqualTo(2);
    assertThat(fast.err()).hasSize(1);
    assertThat(fast.err().getFirst()).contains("a turn takes 8 to 120 s, not [30.0, 3.0]");
  }
}
