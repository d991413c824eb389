package dev.longtake.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.nn.FusedOps;
import dev.longtake.nn.LinearFormat;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.testkit.LeakGuard;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class NetworkTimesTest {

  @Test
  void everyWayThereIsOnAProcessorIsTimed() {
    var times =
        NetworkTimes.measure(NetworkSize.TINY, Device.CPU, Dtype.FLOAT32, 1, Reporter.SILENT);

    assertThat(times.steps()).isEmpty();
    assertThat(times.chunks().stream().map(NetworkTimes.Chunk::way))
        .containsExactly("plain", "plain-fp8");
    assertThat(times.chunks().get(0).flowDifference()).isZero();
    assertThat(times.chunks().get(1).flowDifference()).isBetween(1e-4, 0.1);
    assertThat(times.decoding()).hasSize(1);
    assertThat(times.convolutions().stream().map(NetworkTimes.Convolution::channels))
        .containsExactly(8, 16, 32);
    assertThat(NetworkReport.text(times))
        .startsWith("tiny, random weights, cpu, float32\n")
        .containsPattern("(?m)^plain-fp8 +\\d\\.\\d\\de-\\d\\d +0\\.00e\\+00 +\\d+\\.\\d$")
        .containsPattern("(?m)^fastest chunk and decoding +frames/s +\\d+\\.\\d\\d$");
  }

  @Test
  void plainOperatorsDifferFromThemselvesInNothing() {
    for (var format : LinearFormat.values()) {
      var rows =
          KernelTimes.measure(
              NetworkSize.TINY, format, Device.CPU, Dtype.FLOAT32, 1, FusedOps.plain(format));
      assertThat(rows)
          .hasSizeGreaterThan(5)
          .allSatisfy(row -> assertThat(row.difference()).as(row.step()).isZero());
    }
  }

  @Test
  void aNetworkThatIsNotKnownIsRefusedWithTheOnesThatAre() {
    assertThatThrownBy(() -> NetworkSize.parse("wan-2b"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no network 'wan-2b' is timed; give wan-1.3b, wan-14b or tiny");
    assertThat(NetworkSize.WAN_1_3B.patches()).isEqualTo(1560);
  }
}
