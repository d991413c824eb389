package dev.longtake.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.offset;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;

class LossReportTest {
  @TempDir private Path folder;

  @Test
  void theEndsAreMeansOfATenthAtLeastOfThree() {
    var few = LossCurve.of("loss", List.of(0L, 1L, 2L, 3L), List.of(1f, 2f, 6f, 4f));
    assertThat(few.first()).isEqualTo(3);
    assertThat(few.last()).isEqualTo(4);
    assertThat(few.movingAverage()).containsExactly(1.5, 3.0, 4.0, 5.0);

    var many = curve("loss", 100, i -> i);
    assertThat(many.first()).isEqualTo(5); // 0 to 10: eleven have a middle
    assertThat(many.last()).isEqualTo(94);
    assertThat(many.movingAverage().get(50)).isEqualTo(50);

    var one = LossCurve.of("loss", List.of(9L), List.of(0.5f));
    assertThat(one.first()).isEqualTo(0.5);
    assertThat(one.movingAverage()).containsExactly(0.5);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LossCurve.of("loss", List.of(1L), List.of()))
        .withMessageContaining("loss has 0 values at 1 steps");
  }

  @Test
  void aLargeValueLeavesNothingBehindInTheAveragesAfterIt() {
    var spiky = curve("loss", 200, i -> i == 60 ? 1e30f : i % 2 + 0.25f);
    var means = spiky.movingAverage();

    assertThat(means).hasSize(200);
    assertThat(means.get(60)).isCloseTo(1e30 / 21, offset(1e24));
    assertThat(means.get(70)).isGreaterThan(1e28); // 21 values, the first of which it is
    assertThat(means.get(71)).isEqualTo(0.25 + 11 / 21.0, offset(1e-12)); // 61 to 81: eleven odd
    assertThat(means.get(199)).isEqualTo(0.25 + 6 / 11.0, offset(1e-12)); // 189 to 199: six odd
  }

  @Test
  void thePlotHasTwoLinesForEachLossAndTellsOfWideOnes() throws Exception {
    var near = curve("near", 20, i -> 1 + i / 100f);
    var wide = curve("a < b", 20, i -> (float) Math.pow(2, -i));
    var norm = curve("grad_norm", 20, i -> i - 10);
    var svg = LossPlot.svg(of(stage(20, List.of(9L), near, wide, norm)));

    var xml = parsed(svg);
    assertThat(xml.getElementsByTagName("polyline").getLength()).isEqualTo(2 * 3);
    assertThat(xml.getDocumentElement().getTextContent())
        .contains("mini: local-dmd", "a < b, logarithmic", "stopped and resumed")
        .doesNotContain("near, logarithmic", "grad_norm, logarithmic");
    assertThat(svg.split("stroke-dasharray", -1)).hasSize(1 + 3 + 1); // each plot's, the legend's
    assertThat(svg).doesNotContain("NaN").doesNotContain("Infinity");
  }

  @Test
  void aStageOfOneStepAndOneThatStandsStillAreShown() throws Exception {
    var single = LossCurve.of("loss", List.of(0L), List.of(0f));
    var still = curve("loss", 5, i -> 1e15f);
    var svg = LossPlot.svg(of(stage(1, List.of(), single), stage(5, List.of(), still)));

    assertThat(parsed(svg).getElementsByTagName("circle").getLength()).isEqualTo(2);
    assertThat(svg).doesNotContain("NaN").doesNotContain("resumed");
  }

  @Test
  void whatWasLoggedTwiceIsNoCurveBesideThoseThatAre() throws Exception {
    var losses = of(stage(9, List.of(), curve("often", 3, i -> i), curve("seldom", 2, i -> i)));
    var xml = parsed(LossPlot.svg(losses)).getDocumentElement();

    assertThat(xml.getElementsByTagName("polyline").getLength()).isEqualTo(2);
    assertThat(xml.getTextContent()).contains("often").doesNotContain("seldom");
    assertThat(LossReport.page(losses)).contains("`seldom`");

    var alone = of(stage(9, List.of(), curve("seldom", 2, i -> i)));
    assertThat(parsed(LossPlot.svg(alone)).getElementsByTagName("polyline").getLength())
        .isEqualTo(2);
  }

  @Test
  void aLongRunsPlotStaysSmallAndKeepsItsPeak() {
    var spiky = curve("loss", 50_000, i -> i == 31_234 ? 90 : 10 + i % 7);
    var plot = LossPlot.svg(of(stage(50_000, List.of(), spiky)));

    assertThat(plot.length()).isLessThan(20_000);
    // 90 of an axis from 0 to 100 is a tenth of 126 pixels below the top, at 84.
    assertThat(plot).contains("184.9,96.6");
  }

  @Test
  void filesHoldTheSameNumbers() {
    var losses =
        of(
            stage(4, List.of(), curve("loss", 4, i -> i), curve("grad_norm", 4, i -> 0.25f)),
            new TrainingLosses.Stage("a|b", "vae", 10, 3.2, 0.4, List.of(), List.of()));

    LossReport.write(folder, losses);

    assertThat(ResultFile.read(folder.resolve(LossReport.JSON), TrainingLosses.class))
        .isEqualTo(losses);
    assertThat(folder.resolve(LossReport.PLOT)).hasContent(LossPlot.svg(losses));
    assertThat(folder.resolve(LossReport.PAGE))
        .content()
        .contains(
            """
            | mini | local-dmd | 4 | 4 min 15 s | 1048 | `loss` | 1.00 | 2.00 |
            | | | | | | `grad_norm` | 0.250 | 0.250 |
            | a\\|b | vae | 10 | 3.2 s | 0 | | | |
            """)
        .contains("](losses.svg)", "[losses.json](losses.json)");
  }

  @Test
  void timesHaveTwoUnits() {
    assertThat(LossReport.duration(59.4)).isEqualTo("59.4 s");
    assertThat(LossReport.duration(59.6)).isEqualTo("1 min 0 s");
    assertThat(LossReport.duration(3599.4)).isEqualTo("59 min 59 s");
    assertThat(LossReport.duration(7325)).isEqualTo("2 h 2 min");
  }

  private static TrainingLosses of(TrainingLosses.Stage... stages) {
    return TrainingLosses.of(List.of(stages));
  }

  private static TrainingLosses.Stage stage(long steps, List<Long> resumed, LossCurve... losses) {
    return new TrainingLosses.Stage(
        "mini", "local-dmd", steps, 254.9, 1047.5, resumed, List.of(losses));
  }

  private interface Values {
    float at(int step);
  }

  private static LossCurve curve(String tag, int count, Values values) {
    return LossCurve.of(
        tag,
        LongStream.range(0, count).boxed().toList(),
        IntStream.range(0, count).mapToObj(values::at).toList());
  }

  private static Document parsed(String svg) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
  }
}
