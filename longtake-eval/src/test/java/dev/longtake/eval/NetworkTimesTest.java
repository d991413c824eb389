package dev.longtake.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.longtake.nn.FusedOps;
import dev.longtake.nn.LinearFormat;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.testkit.LeakGuard;
import java.io.IOException;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class NetworkTimesTest {

  @Test
  void everyWayThereIsOnAProcessorIsTimed() {
    var times =
        NetworkTimes.measure(NetworkSize.TINY, Device.CPU, Dtype.FLOAT32, 1, 2, Reporter.SILENT);

    assertThat(times.steps()).isEmpty();
    assertThat(times.products().stream().map(ProductTimes.Row::product))
        .hasSize(16)
        .startsWith("attention to memory", "attention to memory, heads apart")
        .endsWith("linear 128 to 64, fp8_rows");
    assertThat(times.products()).allSatisfy(row -> assertThat(row.teraflops()).isPositive());
    assertThat(times.chunks().stream().map(NetworkTimes.Chunk::way))
        .containsExactly("plain", "plain-fp8");
    assertThat(times.chunks().get(0).flowDifference()).isZero();
    assertThat(times.chunks().get(1).flowDifference()).isBetween(1e-4, 0.1);
    assertThat(times.chunks())
        .allSatisfy(
            chunk -> {
              assertThat(chunk.denoiseMilliseconds()).isPositive();
              assertThat(chunk.cleanMilliseconds()).isPositive();
              assertThat(chunk.rememberMilliseconds()).isPositive();
            });
    assertThat(times.decoding()).hasSize(1);
    assertThat(times.convolutions().stream().map(NetworkTimes.Convolution::channels))
        .containsExactly(8, 16, 32);
    var text = NetworkReport.text(times);
    assertThat(times.products())
        .allSatisfy( // milliseconds, then a speed that is not 0
            row ->
                assertThat(text)
                    .containsPattern(
                        "(?m)^" + Pattern.quote(row.product()) + " +\\S+ +[0.]*[1-9]\\S*$"));
    assertThat(text)
        .startsWith("tiny, random weights, cpu, float32\n")
        .containsPattern("(?m)^plain-fp8 +\\d\\.\\d\\de-\\d\\d +0\\.00e\\+00( +\\d+\\.\\d){5}$")
        .containsPattern("(?m)^fastest chunk and decoding +frames/s +\\d+\\.\\d\\d$");
  }

  @Test
  void videosAreMadeByBothDecodersAndTheHeadlineSaysHowFast() throws IOException {
    var times =
        NetworkTimes.measure(NetworkSize.TINY, Device.CPU, Dtype.FLOAT32, 1, 12, Reporter.SILENT);

    assertThat(times.videos().stream().map(NetworkVideo::decoder))
        .containsExactly(NetworkVideo.FULL, NetworkVideo.TINY);
    var full = times.videos().get(0);
    assertThat(full.seconds()).isBetween(12.0, 12.75);
    assertThat(full.deviceGib()).isEmpty();
    assertThat(full.residentGib()).hasSize(12).allSatisfy(gib -> assertThat(gib).isPositive());
    assertThat(times.videos().get(1).seconds()).isBetween(6.0, 7.0); // eight chunks do not count
    var json = new ObjectMapper().readTree(ResultFile.json(times));
    assertThat(json.path("chunk_ms_bf16").asDouble()).isEqualTo(ms(times, "plain"));
    assertThat(json.path("chunk_ms_fp8").asDouble()).isEqualTo(ms(times, "plain-fp8"));
    assertThat(json.path("fp8_flow_difference").asDouble()).isBetween(1e-4, 0.1);
    assertThat(json.path("vae_ms_per_12_frames").asDouble())
        .isEqualTo(times.decoding().getFirst().milliseconds());
    assertThat(json.path("fps_full_vae").asDouble()).isEqualTo(full.framesPerSecond());
    assertThat(json.path("fps_tiny_vae").asDouble()).isPositive();
    assertThat(json.path("peak_gib").asDouble()).isPositive();
    assertThat(json.has("headline")).isFalse();
    assertThat(NetworkReport.text(times))
        .containsPattern(
            "(?m)^12\\.6 s, autoencoder, plain(-fp8)? +\\d+\\.\\d\\d +\\d.* GiB +\\d.* GiB");
  }

  private static double ms(NetworkTimes times, String way) {
    return times.chunks().stream()
        .filter(chunk -> chunk.way().equals(way))
        .findFirst()
        .orElseThrow()
        .milliseconds();
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
