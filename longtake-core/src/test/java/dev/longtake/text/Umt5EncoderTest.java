package dev.longtake.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.testkit.TensorAssert;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class Umt5EncoderTest {
  private static final Umt5Config CONFIG = Umt5Config.of(40, 32, 48, 64, 4, 2);
  private static final long SEED = 20_250_107;

  private Scope scope;
  private Rng rng;
  private Weights weights;
  private Umt5Encoder encoder;

  @BeforeEach
  void makeAnEncoder() {
    scope = Scope.open();
    rng = Rng.seeded(SEED, Device.CPU);
    weights = Weights.random(rng, Dtype.FLOAT32);
    encoder = Umt5Encoder.of(weights, CONFIG);
  }

  @AfterEach
  void free() {
    weights.close();
    rng.close();
    scope.close();
  }

  @Test
  void offsetsFallIntoThePublishedBuckets() {
    int[][] expected = {
      {-200, 15},
      {-128, 15},
      {-91, 15},
      {-90, 14},
      {-64, 14},
      {-63, 13},
      {-32, 12},
      {-16, 10},
      {-15, 9},
      {-9, 8},
      {-8, 8},
      {-7, 7},
      {-1, 1},
      {0, 0},
      {1, 17},
      {7, 23},
      {8, 24},
      {9, 24},
      {15, 25},
      {16, 26},
      {32, 28},
      {64, 30},
      {91, 31},
      {511, 31}
    };
    for (int[] pair : expected) {
      assertThat(RelativePositions.bucket(pair[0], Umt5Config.XXL))
          .as("bucket of offset " + pair[0])
          .isEqualTo(pair[1]);
    }
  }

  @Test
  void aQuerysRowHoldsTheBucketsOfKeysAsSeenFromIt() {
    var buckets = RelativePositions.buckets(3, CONFIG);

    assertThat(buckets.toLongs()).containsExactly(0, 17, 18, 1, 0, 17, 2, 1, 0);
  }

  @Test
  void theLargestSizeHasThePublishedNumberOfWeights() {
    var c = Umt5Config.XXL;
    long block =
        4L * c.dim() * c.dimAttention()
            + 3L * c.dim() * c.dimFfn()
            + 2L * c.dim()
            + (long) c.buckets() * c.heads();

    assertThat((long) c.vocab() * c.dim() + c.layers() * block + c.dim()).isEqualTo(5_680_910_336L);
    assertThat(c.headWidth()).isEqualTo(64);
  }

  @Test
  void aSmallOneHoldsWhatTheSameCountSays() {
    long block = 4L * 32 * 48 + 3L * 32 * 64 + 2L * 32 + 32L * 4;

    assertThat(weights.parameters()).isEqualTo(40L * 32 + 2 * block + 32);
    assertThat(weights.taken()).hasSize(1 + 2 * 10 + 1);
  }

  @Test
  void paddingChangesNothingBeforeIt() {
    var ids = rng.integers(CONFIG.vocab(), 1, 6);
    var whole = encoder.forward(ids, ones(1, 6));
    var padded = Tensor.cat(List.of(ids, rng.integers(CONFIG.vocab(), 1, 5)), 1);
    var mask = Tensor.of(new long[] {1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0}, 1, 11);

    var states = encoder.forward(padded, mask);

    assertThat(difference(states.narrow(1, 0, 6), whole)).as("seed %d", SEED).isLessThan(1e-5);
  }

  @Test
  void statesAfterThePromptsEndAreZeroAndThoseBeforeItAreLeft() {
    var ids = rng.integers(CONFIG.vocab(), 2, 4);
    var tokens = new TokenIds(ids, Tensor.of(new long[] {1, 1, 0, 0, 1, 1, 1, 1}, 2, 4));

    var states = encoder.encode(tokens, Dtype.FLOAT32);

    var raw = encoder.forward(tokens.ids(), tokens.mask());
    assertThat(states.select(0, 0).narrow(0, 2, 2).toFloats()).containsOnly(0f);
    assertThat(difference(states.select(0, 1), raw.select(0, 1))).isZero();
    assertThat(raw.select(0, 0).narrow(0, 2, 2).abs().max().item()).isGreaterThan(0);
  }

  @Test
  void aPromptWithoutAnyTokenStaysFinite() {
    for (var dtype : new Dtype[] {Dtype.FLOAT32, Dtype.BFLOAT16, Dtype.FLOAT16}) {
      var ids = Tensor.zeros(Dtype.INT64, Device.CPU, 1, 3);

      var states = encoder.forward(ids, Tensor.zeros(Dtype.BOOL, Device.CPU, 1, 3), dtype);

      for (float value : states.toFloats()) {
        assertThat(value).as("a state in %s", dtype).isFinite();
      }
    }
  }

  @Test
  void theOrderOfWordsMatters() {
    var ids = Tensor.of(new long[] {5, 9, 7, 1}, 1, 4);
    var swapped = Tensor.of(new long[] {9, 5, 7, 1}, 1, 4);

    var last = encoder.forward(ids, ones(1, 4)).select(1, 3);
    var other = encoder.forward(swapped, ones(1, 4)).select(1, 3);

    assertThat(difference(last, other)).as("seed %d", SEED).isGreaterThan(1e-3);
  }

  @Test
  void halfPrecisionStatesAreCloseToSingleWithTheSameWeights() {
    var ids = rng.integers(CONFIG.vocab(), 2, 8);
    var exact = encoder.forward(ids, ones(2, 8));

    var coarse = encoder.forward(ids, ones(2, 8), Dtype.BFLOAT16);

    assertThat(coarse.dtype()).isEqualTo(Dtype.BFLOAT16);
    assertThat(difference(coarse, exact)).as("seed %d", SEED).isBetween(1e-5, 0.05);
  }

  @Test
  void everyWeightLearns() {
    weights.taken().values().forEach(weight -> weight.requireGradient(true));
    var ids = rng.integers(CONFIG.vocab(), 2, 8);
    var mask = Tensor.of(new long[] {1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1}, 2, 8);

    var states = encoder.encode(new TokenIds(ids, mask), Dtype.BFLOAT16);
    states.times(rng.normal(Dtype.BFLOAT16, 2, 8, 32)).to(Dtype.FLOAT32).sum().backward();

    weights
        .taken()
        .forEach(
            (name, weight) -> {
              assertThat(weight.gradient().dtype()).as(name).isEqualTo(Dtype.FLOAT32);
              assertThat(weight.gradient().abs().max().item()).as(name).isGreaterThan(0);
            });
  }

  @Test
  void gradientsAreThoseOfSmallSteps() {
    var table = weights.taken().get("blocks.1.pos_embedding.embedding.weight");
    var ids = rng.integers(CONFIG.vocab(), 1, 8);
    var along = rng.normal(Dtype.FLOAT32, 1, 8, 32);
    var step = rng.normal(Dtype.FLOAT32, table.shape());
    table.requireGradient(true);
    encoder.forward(ids, ones(1, 8)).times(along).sum().backward();
    double predicted = table.gradient().times(step).sum().item();

    double measured;
    try (var off = Gradients.off()) {
      double size = 1e-2;
      table.plusInPlace(step, size);
      double above = encoder.forward(ids, ones(1, 8)).times(along).sum().item();
      table.plusInPlace(step, -2 * size);
      double below = encoder.forward(ids, ones(1, 8)).times(along).sum().item();
      measured = (above - below) / (2 * size);
    }

    assertThat(predicted)
        .as("seed %d", SEED)
        .isCloseTo(measured, within(0.02 * Math.abs(measured) + 1e-3));
  }

  @Test
  void shapesThatDoNotMatchAreRefused() {
    var ids = Tensor.zeros(Dtype.INT64, Device.CPU, 1, 3);

    assertThatThrownBy(() -> encoder.forward(ids, ones(1, 4)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[1, 3]")
        .hasMessageContaining("[1, 4]");
  }

  @Test
  void sizesThatCannotBeAreRefused() {
    assertThatThrownBy(() -> Umt5Config.of(40, 32, 50, 64, 4, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("dimAttention must be a multiple of 4 heads, not 50");
  }

  private static Tensor ones(long... shape) {
    long[] values = new long[Math.toIntExact(Arrays.stream(shape).reduce(1, (a, b) -> a * b))];
    Arrays.fill(values, 1);
    return Tensor.of(values, shape);
  }

  private static double difference(Tensor a, Tensor b) {
    return TensorAssert.relativeError(a, b);
  }
}
