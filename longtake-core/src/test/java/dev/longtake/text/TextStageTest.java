package dev.longtake.text;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Repeats;
import dev.longtake.tensor.ReplayedWork;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.testkit.Reruns;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakGuard.class)
class TextStageTest {
  private static final WordTokenizerFile WORDS =
      new WordTokenizerFile(List.of("a", "red", "blue", "cube", "ball"));
  private static final Umt5Config CONFIG = Umt5Config.of(WORDS.size(), 8, 8, 16, 2, 2);
  private static final int LENGTH = 6;

  @TempDir Path folder;
  private final List<Weights> opened = new ArrayList<>();
  private Scope scope;
  private Tokenizer tokenizer;

  @BeforeEach
  void open() {
    scope = Scope.open();
    var file = folder.resolve("tokenizer.json");
    WORDS.write(file);
    tokenizer = Tokenizer.open(file, LENGTH);
  }

  @AfterEach
  void free() {
    tokenizer.close();
    scope.close();
  }

  @Test
  void everyResidenceGivesTheStatesOfTheEncoder() {
    Tensor expected;
    try (var loaded = load(Device.CPU)) {
      var ids = tokenizer.encode(List.of("a red cube"));
      expected = loaded.encoder().encode(ids, Dtype.FLOAT32);
    }
    for (var residence : TextResidence.values()) {
      try (var stage = stage(residence, 1)) {
        var states = stage.encode("a red cube");
        assertThat(states).isBitwiseEqualTo(expected).hasShape(1, LENGTH, 8);
        assertThat(states.narrow(1, 4, 2).toFloats()).containsOnly(0f);
      }
    }
    assertThat(opened).allMatch(weights -> weights.taken().isEmpty());
  }

  @Test
  void aPassingEncoderIsReadOnceForManyPromptsAndFreedAtOnce() {
    try (var stage = stage(TextResidence.PASSING, 4)) {
      assertThat(opened).isEmpty();

      var states = stage.encode(List.of("a red cube", "a blue ball", "a red cube"));

      assertThat(opened).hasSize(1);
      assertThat(opened.getFirst().taken()).isEmpty();
      assertThat(states.get(2)).isBitwiseEqualTo(states.get(0));
      assertThat(states.get(1).toFloats()).isNotEqualTo(states.get(0).toFloats());
    }
  }

  @Test
  void aResidentEncoderIsReadOnceForAll() {
    try (var stage = stage(TextResidence.DEVICE, 0)) {
      stage.encode("a red cube");
      stage.encode("a blue ball");

      assertThat(opened).hasSize(1);
      assertThat(opened.getFirst().taken()).isNotEmpty();
    }
  }

  @Test
  void aKnownPromptNeedsNoEncoderHoweverItIsSpaced() {
    try (var stage = stage(TextResidence.PASSING, 4)) {
      var first = stage.encode("a red cube");
      var again = stage.encode(List.of(" a  red\tcube ", "a red cube"));

      assertThat(opened).hasSize(1);
      assertThat(again.get(0)).isBitwiseEqualTo(first);
      assertThat(again.get(1)).isBitwiseEqualTo(first);
    }
  }

  @Test
  void thePromptNotUsedForLongestIsForgotten() {
    try (var stage = stage(TextResidence.PASSING, 2)) {
      var red = stage.encode("red cube");
      stage.encode("blue cube");
      stage.encode("red cube"); // known, and used again
      stage.encode("red ball"); // puts out the blue cube
      assertThat(opened).hasSize(3);

      stage.encode("red cube");
      assertThat(opened).hasSize(3);
      stage.encode("blue cube");
      assertThat(opened).hasSize(4);
      stage.encode("red ball"); // the red cube has gone by now, its states in use have not
      stage.encode("a ball");
      assertThat(stage.encode("red cube")).isBitwiseEqualTo(red);
    }
  }

  @Test
  void statesOutliveTheStageAndAFailureKeepsNothing() {
    Tensor states;
    try (var stage = stage(TextResidence.PASSING, 2)) {
      assertThatThrownBy(() -> stage.encode(List.of("red", "a red, red, red ball")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("shorten it");
      assertThat(opened).isEmpty();
      states = stage.encode("red");
    }
    assertThat(states.abs().max().item()).isGreaterThan(0);
  }

  @Test
  void anEncoderThatIsReplayedGivesEachPromptsOwnStates() {
    var prompts = List.of("a red cube", "a blue ball", "red", "a blue ball", "a");
    var recorder = new Reruns();
    try (var plain = stage(TextResidence.DEVICE, 0);
        var replayed = stage(TextResidence.DEVICE, 0);
        var work = new ReplayedWork(recorder)) {
      replayed.runBy(work);
      var expected = plain.encode(prompts);
      var made = replayed.encode(prompts);
      for (int i = 0; i < prompts.size(); i++) {
        assertThat(made.get(i)).as(prompts.get(i)).isBitwiseEqualTo(expected.get(i));
      }
      assertThat(recorder.total()).isEqualTo(2); // of four prompts, after the first two
    }
  }

  @Test
  void anEncoderThatComesAndGoesIsNotReplayed() {
    try (var stage = stage(TextResidence.PASSING, 1)) {
      assertThatThrownBy(() -> stage.runBy(Repeats.AS_IT_COMES))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("PASSING");
    }
  }

  @Test
  void statesAreInTheTypeAskedFor() {
    try (var stage =
        TextStage.open(
            tokenizer, this::load, TextResidence.PROCESSOR, Device.CPU, Dtype.BFLOAT16, 1)) {
      assertThat(stage.encode("red")).hasDtype(Dtype.BFLOAT16);
    }
  }

  private TextStage stage(TextResidence residence, int kept) {
    return TextStage.open(tokenizer, this::load, residence, Device.CPU, Dtype.FLOAT32, kept);
  }

  private TextStage.Loaded load(Device device) {
    try (var rng = Rng.seeded(5, device)) {
      var weights = Weights.random(rng, Dtype.FLOAT32);
      opened.add(weights);
      return new TextStage.Loaded(Umt5Encoder.of(weights, CONFIG), weights);
    }
  }
}
