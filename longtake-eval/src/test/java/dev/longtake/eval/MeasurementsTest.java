package dev.longtake.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.media.Png;
import dev.longtake.rollout.Overlap;
import dev.longtake.rollout.Replay;
import dev.longtake.rollout.TinyModel;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.world.Caption;
import dev.longtake.world.Colour;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whole measurements of a model with random weights: everything but good scores. */
class MeasurementsTest {
  @TempDir private static Path folder;
  private static VideoModel model;

  @BeforeAll
  static void open() {
    model =
        VideoModel.open(TinyModel.write(folder, Caption.vocabulary()), Device.CPU, Dtype.FLOAT32);
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @Test
  void vaeQualitySurvivesItsFile(@TempDir Path out) {
    var quality = VaeQuality.measure(model, new VaeQuality.Settings(2, 21, 5), Reporter.SILENT);

    assertThat(quality.worlds()).hasSize(2);
    assertThat(quality.mean()).isBetween(quality.lowest(), quality.highest());
    assertSurvives(out, quality);
  }

  @Test
  void captionObjectsSurviveTheirFile(@TempDir Path out) {
    var objects =
        CaptionObjects.measure(model, new CaptionObjects.Settings(2, 2, 0), Reporter.SILENT);

    assertThat(objects.clips()).hasSize(2);
    // Random weights paint every colour everywhere.
    assertThat(objects.truth().falseAlarmRate()).isLessThan(objects.generated().falseAlarmRate());
    assertThat(objects.generated().captioned() + objects.generated().uncaptioned())
        .isEqualTo(2 * Colour.values().length);
    assertSurvives(out, objects);
  }

  @Test
  void generatedVideosAreComparedWithTheTruthAsLatents() {
    var settings = new CaptionObjects.Settings(3, 2, 0);
    var soFar = new ArrayList<CaptionObjects>();

    var objects = CaptionObjects.measure(model, settings, Reporter.SILENT, soFar::add);

    var distance = objects.latentFrechetDistance();
    assertThat(distance.dimensions()).isEqualTo(8); // 2 channels, 2 x 2
    // 3 worlds of 32 pictures: 21 are two chunks, 6 latent frames of 2 x 2 patches
    assertThat(distance.features()).isEqualTo(3 * 6 * 4);
    assertThat(distance.quarterFeatures()).isEqualTo(3 * 4);
    for (var one :
        List.of(distance.generated(), distance.otherWorlds(), distance.reconstructed())) {
      assertThat(List.of(one.whole(), one.firstQuarter(), one.lastQuarter()))
          .allMatch(value -> value > 0);
    }
    // Random weights make nothing of noise or of pictures.
    assertThat(distance.otherWorlds().whole()).isLessThan(distance.generated().whole());
    assertThat(distance.otherWorlds().whole()).isLessThan(distance.reconstructed().whole());
    assertThat(distance.otherWorlds().whole()).isLessThan(distance.flat().whole());
    assertThat(soFar).hasSize(2).last().isEqualTo(objects);
  }

  @Test
  void whatIsHeardOnTheWayIsTheResultOfAsManyWorlds() {
    var objects = new ArrayList<CaptionObjects>();
    CaptionObjects.measure(
        model, new CaptionObjects.Settings(3, 1, 7), Reporter.SILENT, objects::add);
    var two = CaptionObjects.measure(model, new CaptionObjects.Settings(2, 1, 7), Reporter.SILENT);

    assertThat(objects.getFirst()).isEqualTo(two);

    var memory = new ArrayList<Revisit.Outcome>();
    var settings = new Revisit.Settings(2, List.of("sliding-window:9"), List.of(8.0), 0.3, 1, 0);
    Revisit.measure(model, settings, Reporter.SILENT, memory::add);
    var one = Revisit.measure(model, settings.withWorlds(1), Reporter.SILENT);

    assertThat(memory).hasSize(2);
    assertThat(memory.getFirst().result()).isEqualTo(one.result());
    assertThat(memory.getFirst().pictures()).hasSize(1);
  }

  @Test
  void videosShorterThanAChunkAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                CaptionObjects.measure(
                    model, new CaptionObjects.Settings(2, 0.5, 0), Reporter.SILENT))
        .withMessage("videos of 0.5 s have 8 pictures, but a first chunk has 9; give more seconds");
  }

  @ParameterizedTest
  @EnumSource(Overlap.class)
  void generationSpeedSurvivesItsFile(Overlap overlap, @TempDir Path out) {
    var settings =
        new GenerationSpeed.Settings("a red cube", "full", 3, 0, 2, 2, overlap, Replay.OFF);

    var speed = GenerationSpeed.measure(model, settings, Reporter.SILENT);

    assertThat(speed.runs()).hasSize(2);
    for (var run : speed.runs()) {
      assertThat(run.frames()).isEqualTo(57); // 9 and 4 x 12, the first whole chunks above 48
      assertThat(run.chunkSeconds()).hasSize(5);
      assertThat(run.megabytes()).hasSize(3).allMatch(megabytes -> megabytes > 1);
      assertThat(run.parts().total()).isEqualTo(run.seconds(), within(1e-9));
      assertThat(run.parts().byName().values()).allMatch(seconds -> seconds > 0);
      if (overlap == Overlap.OFF) {
        assertThat(run.hiddenDecodeSeconds()).isZero();
      }
      assertThat(run.loopSeconds()).isLessThan(run.seconds());
      assertThat(run.firstFrameSeconds()).isGreaterThan(run.chunkSeconds().getFirst());
    }
    assertThat(speed.summary().loopFramesPerSecond())
        .isGreaterThan(speed.summary().endToEndFramesPerSecond());
    assertThat(speed.summary().peakDeviceMegabytes()).isZero();
    assertThat(speed.machine().gpu()).isEqualTo(Machine.NONE);
    assertSurvives(out, speed);
  }

  @Test
  void revisitBecomesAPageWithPlotsAndPictures(@TempDir Path out) {
    var settings =
        new Revisit.Settings(
            2, List.of("slow-fast-redundant", "sliding-window:9"), List.of(8.0, 9.0), 0.5, 2, 0);

    var outcome = Revisit.measure(model, settings, Reporter.SILENT);
    MemoryReport.write(out, outcome.result(), outcome.pictures());

    var result = outcome.result();
    assertThat(result.rows()).hasSize(5);
    assertThat(result.rows()).allSatisfy(row -> assertThat(row.newest().count()).isEqualTo(4));
    assertThat(result.rows())
        .allSatisfy(
            row ->
                assertThat(row.returned().aligned()).isGreaterThanOrEqualTo(row.returned().raw()));
    assertThat(ResultFile.read(out.resolve(MemoryReport.JSON), Revisit.class)).isEqualTo(result);
    assertThat(out.resolve(MemoryReport.PAGE))
        .content()
        .contains(
            "`slow-fast-redundant`", "| *floor: another room* |", "![](memory-revisit-world-1");
    var grid = Png.read(out.resolve("memory-revisit-world-0.png"));
    assertThat(grid.height()).isGreaterThan(4 * TinyModel.HEIGHT);
    for (var name : List.of("lag", "time", "newest")) {
      assertThat(out.resolve("memory-revisit-" + name + ".svg")).content().startsWith("<svg");
    }
  }

  @Test
  void settingsOutOfRangeAreRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> new VaeQuality.Settings(1, 20, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new CaptionObjects.Settings(1, 20, 0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Revisit.Settings.DEFAULT.withMemories(List.of("slidng-window")))
        .withMessageContaining("sliding-window");
  }

  @Test
  void aFileOfAnotherKindIsNamed(@TempDir Path out) throws Exception {
    var file = Files.writeString(out.resolve("a.json"), "{\"frames\": 3}");

    assertThatExceptionOfType(EvaluationException.class)
        .isThrownBy(() -> ResultFile.read(file, VaeQuality.class))
        .withMessageContaining("a.json is no VaeQuality");
  }

  @SuppressWarnings("unchecked")
  private static <R extends Record> void assertSurvives(Path out, R result) {
    var file = out.resolve("made/for/it/result.json");
    ResultFile.write(file, result);

    assertThat(ResultFile.read(file, (Class<R>) result.getClass())).isEqualTo(result);
    assertThat(file).content().contains("\"method\" : \"");
  }
}
