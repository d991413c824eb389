package dev.longtake.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.distill.ContextKind;
import dev.longtake.distill.ExitGradient;
import dev.longtake.eval.NetworkSize;
import dev.longtake.eval.Reporter;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.train.Activations;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class DistillTimesTest {
  private static final DistillSettings LEAST_MEMORY =
      DistillSettings.parse("contextual-dmd", "recomputed");

  private static final DistillSettings MOST_MEMORY =
      new DistillSettings(ContextKind.MEMORY, ExitGradient.RECORDED, Activations.KEPT);

  @Test
  void aStepOfTheSecondStageIsTimedPartByPart() {
    var said = new ArrayList<String>();
    var times = tiny(LEAST_MEMORY, 1, said::add);

    assertThat(said).hasSize(3).last().asString().startsWith("run 1 of 1: generator ");
    assertThat(times.generator().stream().map(DistillTimes.Part::part))
        .containsExactly("past", "judged", "showing", "teacher", "critic", "gradient", "update");
    assertThat(times.critic().stream().map(DistillTimes.Part::part))
        .containsExactly("past", "judged", "showing", "critic", "gradient", "update");
    for (var turn : List.of(times.generator(), times.critic())) {
      assertThat(turn.stream().mapToDouble(DistillTimes.Part::share).sum())
          .isCloseTo(1, within(1e-9));
      assertThat(turn).allSatisfy(part -> assertThat(part.milliseconds()).isPositive());
    }
    assertThat(times.headline().peakGib()).isGreaterThan(times.headline().standingGib());
    assertThat(DistillReport.text(times))
        .startsWith("tiny, random weights, cpu, float32, context contiguous, activations")
        .containsPattern("(?m)^judged +\\d+\\.\\d +\\d+\\.\\d %$")
        .containsPattern("(?m)^teacher +0\\.00$");
  }

  @Test
  void whatStandsThroughoutIsCounted() {
    var times = tiny(MOST_MEMORY, 1, Reporter.SILENT);

    double weights = times.standing().getFirst().gib();
    assertThat(times.standing().get(2).gib()).isEqualTo(2 * weights);
    assertThat(times.standing().get(4).gib()).isEqualTo(weights / 2);
    assertThat(times.standing().get(5).gib()).isEqualTo(weights / 2); // FLOAT32 here
    assertThat(times.headline().standingGib())
        .isCloseTo(6 * weights + times.standing().getLast().gib(), within(1e-12));
  }

  @Test
  void noRunsAreRefused() {
    assertThatThrownBy(() -> tiny(LEAST_MEMORY, 0, Reporter.SILENT))
        .hasMessage("runs must be at least 1, not 0");
  }

  private static DistillTimes tiny(DistillSettings settings, int runs, Reporter reporter) {
    return DistillTimes.measure(
        NetworkSize.TINY, Device.CPU, Dtype.FLOAT32, settings, runs, reporter);
  }
}
