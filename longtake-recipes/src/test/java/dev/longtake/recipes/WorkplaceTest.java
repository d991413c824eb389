package dev.longtake.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.tensor.Device;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class WorkplaceTest {
  private static final long HEAP = Runtime.getRuntime().maxMemory();

  @Test
  void noMoreIsPreparedThanAQuarterOfTheHeapHoldsForAllDevicesTogether() {
    assertThat(place(1).fitting(1, 5, HEAP / 4 / 3)).isEqualTo(3);
    assertThat(place(3).fitting(1, 5, HEAP / 4 / 3)).isEqualTo(1);
    assertThat(place(1).fitting(1, 5, 10)).as("as many as are wanted").isEqualTo(5);
    assertThat(place(1).fitting(1, 5, 2 * HEAP)).as("one, or nothing would go on").isEqualTo(1);
    assertThat(place(1).fitting(3, 5, 2 * HEAP)).isEqualTo(3);
    assertThat(place(1).fitting(1, 5, 0)).isEqualTo(5);
  }

  @Test
  void aPlaceWithoutThreadsOrOfDifferentDevicesIsRefused() {
    assertThatThrownBy(
            () -> new Workplace(List.of(Device.CPU), Path.of("x"), 0, Ending.NEVER, ear()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("threads must be at least 1, not 0");
    assertThatThrownBy(() -> Ending.at(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("until must be at least 1, not 0");
  }

  private static Workplace place(int devices) {
    return new Workplace(
        Collections.nCopies(devices, Device.CPU), Path.of("x"), 3, Ending.NEVER, ear());
  }

  private static Ear ear() {
    return new Ear("");
  }
}
