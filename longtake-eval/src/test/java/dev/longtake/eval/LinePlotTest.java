package dev.longtake.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.longtake.eval.LinePlot.Line;
import dev.longtake.eval.LinePlot.Point;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;

class LinePlotTest {
  @Test
  void isWellFormedAndHoldsEveryLine() throws Exception {
    var plot =
        new LinePlot(
            "a < b",
            "x",
            "y",
            List.of(
                new Line("one & only", false, List.of(new Point(0, 1), new Point(2, 3))),
                new Line("floor", true, List.of(new Point(0, 0), new Point(2, 0)))));

    var xml =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new ByteArrayInputStream(plot.svg().getBytes(StandardCharsets.UTF_8)));

    assertThat(xml.getElementsByTagName("polyline").getLength()).isEqualTo(2);
    assertThat(xml.getDocumentElement().getTextContent()).contains("one & only", "a < b");
  }

  @Test
  void aSinglePointIsEnough() {
    var plot = new LinePlot("t", "x", "y", List.of(new Line("l", false, List.of(new Point(5, 5)))));

    assertThat(plot.svg()).doesNotContain("NaN").doesNotContain("Infinity");
  }

  @Test
  void withoutAPointThereIsNoPlot() {
    assertThatIllegalArgumentException().isThrownBy(() -> new LinePlot("t", "x", "y", List.of()));
  }
}
