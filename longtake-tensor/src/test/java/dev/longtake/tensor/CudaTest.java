package dev.longtake.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("gpu")
class CudaTest {
  private static final Device GPU = Device.cuda(0);
  private static final String SOURCE =
      """
      extern "C" __global__ void shift(const float* x, float* out, long long count, int by, float times) {
        long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x;
        if (i < count) out[i] = (x[i] + by) * times;
      }
      """;

  @Test
  void aKernelRunsBetweenTheOperatorsBeforeAndAfterIt() {
    try (var scope = Scope.open();
        var library = KernelLibrary.compile("shift.cu", SOURCE, GPU)) {
      var x = Tensor.range(1000, Dtype.FLOAT32, GPU).plus(1);
      var out = Tensor.full(Double.NaN, Dtype.FLOAT32, GPU, 1000);
      library
          .kernel("shift")
          .launch(4, 256)
          .tensor(x)
          .tensor(out)
          .count(1000)
          .size(-3)
          .number(0.5)
          .go();
      float[] doubled = out.times(2).toFloats();
      for (int i = 0; i < 1000; i++) {
        assertThat(doubled[i]).isEqualTo(i - 2);
      }
    }
  }

  @Test
  void aLaunchRefusesTensorsOfElsewhereAndMoreArgumentsThanItHolds() {
    try (var scope = Scope.open();
        var library = KernelLibrary.compile("shift.cu", SOURCE, GPU)) {
      var kernel = library.kernel("shift");
      var elsewhere = Tensor.zeros(Dtype.BFLOAT16, Device.CPU, 8, 64);
      assertThatThrownBy(() -> kernel.launch(1, 1).tensor(elsewhere))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("shift runs on cuda:0, but argument 0 is ");
      assertThatThrownBy(() -> kernel.launch(1, 1).size(0).tiles(elsewhere, 8, 64))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("shift runs on cuda:0, but argument 1 is ");
      var launch = kernel.launch(1, 1);
      for (int i = 0; i < 24; i++) {
        launch.size(i);
      }
      assertThatThrownBy(() -> launch.size(24))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("shift is given more than 24 arguments");
    }
  }

  @Test
  void aMistakeInTheSourceIsOneLineWithTheCompilersOwnWords() {
    assertThatThrownBy(() -> KernelLibrary.compile("bad.cu", "__global__ void f() { g(); }", GPU))
        .isInstanceOf(TensorException.class)
        .hasMessageContaining("bad.cu does not compile for compute capability")
        .hasMessageContaining("identifier \"g\" is undefined")
        .message()
        .doesNotContain("\n");
  }

  @Test
  void aReplayReadsWhatItsInputsHoldThen() {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var x = Tensor.range(64, Dtype.FLOAT32, GPU).reshape(8, 8);
      try (var graph = Graph.record(GPU, () -> x.matmul(x).plus(x).times(0.5))) {
        for (int round = 0; round < 3; round++) {
          x.plusInPlace(Tensor.full(1, Dtype.FLOAT32, GPU, 8, 8), 1);
          var other = x.times(7); // must not lie where the graph works
          var expected = x.matmul(x).plus(x).times(0.5).toBytes();
          var seven = other.toBytes();
          assertThat(graph.replay().toBytes()).isEqualTo(expected);
          assertThat(other.toBytes()).isEqualTo(seven);
        }
      }
    }
  }

  @Test
  void threadsRecordWhileOthersUseTheSameGpuAndThoseBesideIt() throws Exception {
    var devices =
        IntStream.range(0, Device.cudaDevices())
            .boxed()
            .flatMap(i -> Collections.nCopies(3, Device.cuda(i)).stream())
            .toList();
    try (var threads = Executors.newFixedThreadPool(devices.size() + 1)) {
      var shares =
          IntStream.range(0, devices.size())
              .<Callable<Boolean>>mapToObj(i -> () -> recordsAndLearns(devices.get(i), i))
              .toList();
      var work = shares.stream().map(threads::submit).toList();
      while (!work.stream().allMatch(Future::isDone)) {
        NativeMemory.giveBack(GPU);
        Thread.sleep(5);
      }
      for (var share : work) {
        assertThat(share.get()).isTrue();
      }
    }
  }

  /** Records and replays, and between recordings goes backwards on the usual stream. */
  private static boolean recordsAndLearns(Device device, int share) {
    for (int round = 0; round < 40; round++) {
      try (var scope = Scope.open()) {
        var x = Tensor.full(share + 1, Dtype.FLOAT32, device, 64, 64);
        float expected = 64f * (share + 1) * (share + 1) + round;
        int plus = round;
        try (var off = Gradients.off();
            var graph = Graph.record(device, () -> x.matmul(x).plus(plus))) {
          for (int i = 0; i < 3; i++) {
            assertThat(graph.replay().toFloats()).containsOnly(expected);
          }
        }
        var leaf = Tensor.full(2, Dtype.FLOAT32, device, 512, 512).requireGradient(true);
        for (int i = 0; i < 5; i++) {
          leaf.square().sum().backward();
        }
        assertThat(leaf.gradient().mean().item()).isEqualTo(20);
      }
    }
    return true;
  }

  @Test
  void convolutionsOfNewShapesAreTriedBetweenTheRecordingsOfOthers() throws Exception {
    long[] one = {1, 1};
    KernelChoice.tryConvolutions();
    try (var thread = Executors.newSingleThreadExecutor();
        var scope = Scope.open();
        var off = Gradients.off()) {
      var recording = thread.submit(() -> recordsAndLearns(GPU, 0));
      var weight = Tensor.full(1, Dtype.FLOAT32, GPU, 8, 8, 3, 3);
      for (int width = 16; width < 80 && !recording.isDone(); width++) {
        try (var inner = Scope.open()) {
          var x = Tensor.full(1, Dtype.FLOAT32, GPU, 1, 8, 16, width);
          float[] out = Functional.conv2d(x, weight, null, one, one).toFloats();
          assertThat(out[5 * width + 5]).isEqualTo(8 * 9);
        }
      }
      assertThat(recording.get()).isTrue();
    } finally {
      KernelChoice.guessConvolutions();
    }
  }

  @Test
  void whatIsKeptApartFromRecordingsCannotRecord() {
    try (var scope = Scope.open()) {
      var x = Tensor.full(2, Dtype.FLOAT32, GPU, 4);
      assertThatThrownBy(() -> Graph.apart(() -> Graph.record(GPU, () -> x.times(3))))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("record before or after it");
      try (var graph = Graph.record(GPU, () -> x.times(3))) {
        assertThat(graph.replay().toFloats()).containsOnly(6);
      }
    }
  }

  @Test
  void graphsThatShareMemoryTakeNoMoreThanOne() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var memory = GraphMemory.on(GPU)) {
      var x = Tensor.full(1, Dtype.FLOAT32, GPU, 1L << 22);
      for (int life = 0; life < 2; life++) { // all closed in between
        try (var first = Graph.record(memory, () -> x.plus(1).times(2).plus(1).mean())) {
          long held = NativeMemory.reservedBytes(GPU).orElseThrow();
          try (var second = Graph.record(memory, () -> x.plus(2).times(3).plus(1).mean())) {
            assertThat(NativeMemory.reservedBytes(GPU).orElseThrow()).isEqualTo(held);
            for (int i = 0; i < 3; i++) { // each result is read before the other graph runs
              assertThat(first.replay().item()).isEqualTo(5);
              assertThat(second.replay().item()).isEqualTo(10);
            }
          }
        }
      }
      memory.close();
      assertThatThrownBy(() -> Graph.record(memory, () -> x.plus(1)))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void whatIsHeldForTensorsToComeIsCountedUntilItIsGivenBack() {
    NativeMemory.giveBack(GPU);
    long before = NativeMemory.reservedBytes(GPU).orElseThrow();
    long size = 256L << 20;
    try (var scope = Scope.open()) {
      var tensor = Tensor.zeros(Dtype.UINT8, GPU, size);
      assertThat(tensor.count()).isEqualTo(size);
    }
    assertThat(NativeMemory.reservedBytes(GPU).orElseThrow()).isGreaterThanOrEqualTo(before + size);
    NativeMemory.giveBack(GPU);
    assertThat(NativeMemory.reservedBytes(GPU).orElseThrow()).isEqualTo(before);
  }

  @Test
  void aTensorThatTheWorkOnlyHandsOnStaysTheCallers() {
    try (var scope = Scope.open()) {
      var x = Tensor.full(2, Dtype.FLOAT32, GPU, 4);
      try (var graph = Graph.record(GPU, () -> x)) {
        assertThat(graph.replay().toFloats()).containsOnly(2);
      }
      assertThat(x.plus(1).toFloats()).containsOnly(3);
    }
  }

  @Test
  void whatTheProcessorHoldsCannotBeRecorded() {
    // A replay would read its memory anew, where something else stands by then.
    assertThatThrownBy(() -> Graph.record(GPU, () -> Tensor.of(new float[] {1}, 1).to(GPU)))
        .isInstanceOf(RuntimeException.class);
  }

  @Test
  void workThatWaitsForTheDeviceCannotBeRecorded() {
    try (var scope = Scope.open()) {
      var x = Tensor.full(2, Dtype.FLOAT32, GPU, 4);
      assertThatThrownBy(() -> Graph.record(GPU, () -> x.times(x.sum().item())))
          .isInstanceOf(RuntimeException.class);
      assertThat(x.times(x).toFloats()).containsOnly(4); // and what follows works
      try (var graph = Graph.record(GPU, () -> x.times(3))) {
        assertThat(graph.replay().toFloats()).containsOnly(6);
      }
    }
  }
}
