package dev.longtake.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TrainingProgressTest {
  private final StringWriter err = new StringWriter();

  @Test
  void whatIsSaidOnATerminalTakesThePlaceOfTheLineThatIsDrawnOver() {
    tell(80);
    assertThat(err.toString()).matches("\r\033\\[Kvae \\[.*\r\033\\[Klongtake: stopped\\R");
  }

  @Test
  void elsewhereThereIsALineForEach() {
    tell(0);
    assertThat(err.toString().lines()).hasSize(2).last().isEqualTo("longtake: stopped");
  }

  private void tell(int columns) {
    var terminal = new Terminal(new PrintWriter(new StringWriter()), new PrintWriter(err), columns);
    var progress = new TrainingProgress(terminal);
    progress.stage("vae").logged(0, 4, Map.of("loss", 1.5));
    progress.said("stopped");
  }
}
