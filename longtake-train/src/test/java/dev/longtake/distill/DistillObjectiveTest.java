package dev.longtake.distill;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.optim.FlatParameters;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.NativeMemory;
import dev.longtake.tensor.ReplayedWork;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.testkit.Reruns;
import dev.longtake.train.Activations;
import dev.longtake.train.ContextTimestep;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class DistillObjectiveTest {
  private static final long GENERATOR = DistillObjective.generatorTurn(3);
  private static final long CRITIC = DistillObjective.criticTurn(3);

  private Troupe troupe;

  @BeforeEach
  void build() {
    troupe = Troupe.of(1);
  }

  @AfterEach
  void close() {
    troupe.close();
  }

  @Test
  void aTurnReachesTheNetworkWhoseTurnItIsAlone() {
    for (var exits : ExitGradient.values()) {
      var config = Troupe.contextual(exits);
      try (var scope = Scope.open()) {
        gradient(config, GENERATOR, 0);
        assertThat(norm(DistillLoop.GENERATOR)).isPositive();
        assertThat(norm(DistillLoop.CRITIC)).isZero();
        gradient(config, CRITIC, 0);
        assertThat(norm(DistillLoop.GENERATOR)).isZero();
        assertThat(norm(DistillLoop.CRITIC)).isPositive();
      }
    }
  }

  @Test
  void replayedAndRecordedExitsGiveTheSameGradientAndLoss() {
    try (var scope = Scope.open()) {
      var recorded = gradient(Troupe.contextual(ExitGradient.RECORDED), GENERATOR, 0);
      var replayed = gradient(Troupe.contextual(ExitGradient.REPLAYED), GENERATOR, 0);
      assertThat(replayed).isCloseTo(recorded, 1e-5);
      assertThat(loss(Troupe.contextual(ExitGradient.REPLAYED), GENERATOR))
          .isEqualTo(loss(Troupe.contextual(ExitGradient.RECORDED), GENERATOR));
    }
  }

  @Test
  void layersThatAreRunAgainGiveTheSameGradientAndLossInEveryTurn() {
    Opening any = video -> video.narrow(2, video.size(2) - 1, 1).detach();
    for (var config :
        new DistillConfig[] {
          Troupe.contextual(ExitGradient.RECORDED),
          Troupe.contextual(ExitGradient.REPLAYED),
          local(Sight.BIDIRECTIONAL),
          streaming()
        }) {
      for (long turn : new long[] {GENERATOR, CRITIC}) {
        try (var scope = Scope.open()) {
          var losses = new ArrayList<Double>();
          var gradients = new ArrayList<Tensor>();
          for (var activations : Activations.values()) {
            try (var rng = Rng.seeded(5, Device.CPU)) {
              troupe.flat().gradients().fill(0);
              var loss =
                  troupe
                      .objective(config, any, Troupe.training(9, 3, 1), activations, 0)
                      .at(turn, rng);
              losses.add(loss.total().item());
              loss.backward().run();
              gradients.add(troupe.flat().gradients().copy());
            }
          }
          assertThat(losses.get(1)).isEqualTo(losses.get(0));
          assertThat(norm(turn == CRITIC ? DistillLoop.CRITIC : DistillLoop.GENERATOR))
              .isPositive();
          assertThat(gradients.get(1)).isCloseTo(gradients.get(0), 1e-5);
        }
      }
    }
  }

  @Test
  void turnsWhosePassesAreReplayedGiveTheGradientsAndLossesOfOthers() {
    Opening any = video -> video.narrow(2, video.size(2) - 1, 1).detach();
    for (var config :
        new DistillConfig[] {
          Troupe.contextual(ExitGradient.RECORDED), local(Sight.CAUSAL_WITH_MEMORY), streaming()
        }) {
      var recorder = new Reruns();
      try (var scope = Scope.open();
          var work = new ReplayedWork(recorder)) {
        var plain = objective(config, any, 0);
        var training = Troupe.training(9, 3, 1);
        var replayed = troupe.objective(config, any, training, Activations.KEPT, work, 0);
        for (long turn = 0; turn < 12; turn++) {
          var expected = learnt(plain, turn);
          var made = learnt(replayed, turn);
          assertThat(made.loss()).as("turn " + turn).isEqualTo(expected.loss());
          assertThat(made.gradient()).as("turn " + turn).isCloseTo(expected.gradient(), 1e-5);
        }
        assertThat(recorder.total()).isPositive();
      }
    }
  }

  private record Learnt(double loss, Tensor gradient) {}

  private Learnt learnt(DistillObjective objective, long turn) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(turn, Device.CPU)) {
      troupe.flat().gradients().fill(0);
      var loss = objective.at(turn, rng);
      loss.backward().run();
      return new Learnt(loss.total().item(), scope.keep(troupe.flat().gradients().copy()));
    }
  }

  @Test
  void theSurrogateIsHalfTheMeanSquareOfTheGradientThatIsLogged() {
    try (var scope = Scope.open();
        var rng = Rng.seeded(1, Device.CPU)) {
      var config = Troupe.contextual(ExitGradient.RECORDED);
      var loss = objective(config, Troupe.NO_OPENING, 0).at(GENERATOR, rng);
      double mean = loss.parts().get("dmdtrain_gradient_norm").item();
      assertThat(mean).isPositive();
      // mean(g²) ≥ mean|g|²
      assertThat(2 * loss.total().item()).isGreaterThanOrEqualTo(mean * mean);
    }
  }

  @Test
  void efficiencyComparesTheCriticWithTheUnguidedTeacher() {
    try (var scope = Scope.open()) {
      var config = Troupe.contextual(ExitGradient.RECORDED); // guided
      assertThat(config.guidance()).isNotEqualTo(1);
      var own = objective(config, Troupe.NO_OPENING, 0);
      var agreeing =
          new DistillObjective(
              config,
              own.rollout(),
              own.teacher(),
              own.teacher(),
              own.prompts(),
              own.beginnings(),
              own.opening(),
              own.training(),
              own.activations(),
              own.repeats(),
              own.rank());
      assertThat(efficiency(agreeing)).isZero();
      assertThat(efficiency(own)).isNotZero();
    }
  }

  private static double efficiency(DistillObjective objective) {
    try (var rng = Rng.seeded(1, Device.CPU)) {
      return objective.at(GENERATOR, rng).parts().get("critic_efficiency").item();
    }
  }

  @Test
  void batchesOfATurnAreRolloutsOfTheirOwn() {
    try (var scope = Scope.open()) {
      var config = Troupe.contextual(ExitGradient.REPLAYED);
      var twice = Troupe.training(9, 3, 2);
      var gradients = new ArrayList<Tensor>();
      for (long batch : new long[] {2 * CRITIC, 2 * CRITIC + 1}) {
        try (var rng = Rng.seeded(5, Device.CPU)) {
          troupe.flat().gradients().fill(0);
          troupe.objective(config, Troupe.NO_OPENING, twice, 0).at(batch, rng).backward().run();
          gradients.add(troupe.flat().gradients().copy());
        }
        assertThat(norm(DistillLoop.GENERATOR)).as("batch " + batch).isZero();
      }
      assertThat(gradients.get(1).toFloats()).isNotEqualTo(gradients.get(0).toFloats());
    }
  }

  @Test
  void devicesRollOutOtherPromptsAndNoiseForAsManyFrames() {
    var frames = new ArrayList<Long>();
    try (var scope = Scope.open()) {
      var config = contiguousOfABidirectionalTeacher(ContextKind.NONE);
      Opening counting =
          video -> {
            frames.add(video.size(2));
            return video.narrow(2, 0, 1).detach();
          };
      var gradients = new ArrayList<Tensor>();
      for (int rank = 0; rank < 2; rank++) {
        try (var rng = Rng.seeded(Device.CPU, 9, rank)) {
          troupe.flat().gradients().fill(0);
          objective(config, counting, rank).at(GENERATOR, rng).backward().run();
          gradients.add(troupe.flat().gradients().copy());
        }
      }
      assertThat(frames).hasSize(2);
      assertThat(frames.get(0)).isEqualTo(frames.get(1));
      assertThat(gradients.get(0).toFloats()).isNotEqualTo(gradients.get(1).toFloats());
    }
  }

  /** Videos of noise, of which so many frames are given in every other rollout. */
  private record Noise(Given.Shown shown, List<String> drawn) implements Beginnings {
    @Override
    public int frames(SplittableRandom shared, long step, int frames) {
      return shared.nextBoolean() ? 6 : 0;
    }

    @Override
    public Beginning draw(SplittableRandom random, int count, int given, int frames) {
      long seed = random.nextLong();
      drawn.add(given + " of " + frames + " from " + seed);
      try (var rng = Rng.seeded(seed, Device.CPU)) {
        var videos =
            rng.normal(
                Dtype.FLOAT32,
                count,
                Troupe.CHANNELS,
                frames + shown.ahead(frames - given),
                Troupe.SIDE,
                Troupe.SIDE);
        return new Beginning(new Given(videos, given, shown), Troupe.states(seed, count));
      }
    }
  }

  private DistillObjective after(Beginnings beginnings, DistillConfig config, int rank) {
    var own = objective(config, Troupe.NO_OPENING, rank);
    return new DistillObjective(
        own.config(),
        own.rollout(),
        own.critic(),
        own.teacher(),
        own.prompts(),
        beginnings,
        own.opening(),
        own.training(),
        own.activations(),
        own.repeats(),
        own.rank());
  }

  @Test
  void rolloutsThatGoOnFromTrueVideosTrainBothNetworksByWhatJudgesAreShown() {
    var config = Troupe.contextual(ExitGradient.REPLAYED);
    var losses = new ArrayList<Double>();
    for (var shown : Given.Shown.values()) {
      var noise = new Noise(shown, new ArrayList<>());
      try (var scope = Scope.open()) {
        var objective = after(noise, config, 0);
        for (long turn = 0; turn < 12; turn++) {
          losses.add(learnt(objective, turn).loss());
          boolean critics = turn % 2 == 1;
          assertThat(norm(critics ? DistillLoop.CRITIC : DistillLoop.GENERATOR)).isPositive();
          assertThat(norm(critics ? DistillLoop.GENERATOR : DistillLoop.CRITIC)).isZero();
        }
      }
      assertThat(noise.drawn()).hasSizeBetween(1, 11); // the others begin with nothing
    }
    var byShown = List.of(losses.subList(0, 12), losses.subList(12, 24), losses.subList(24, 36));
    assertThat(byShown).doesNotHaveDuplicates();
  }

  @Test
  void devicesGoOnFromOtherVideosOfWhichAsMuchIsGiven() {
    var config = Troupe.contextual(ExitGradient.REPLAYED);
    var drawn = new ArrayList<List<String>>();
    try (var scope = Scope.open()) {
      for (int rank = 0; rank < 2; rank++) {
        var noise = new Noise(Given.Shown.VIDEO, new ArrayList<>());
        var objective = after(noise, config, rank);
        for (long turn = 0; turn < 8; turn++) {
          learnt(objective, turn);
        }
        drawn.add(noise.drawn());
      }
    }
    assertThat(drawn.get(0)).isNotEqualTo(drawn.get(1));
    for (int i = 0; i < drawn.get(0).size(); i++) {
      var lengths = drawn.get(0).get(i).split(" from ", 2)[0];
      assertThat(drawn.get(1).get(i)).startsWith(lengths + " from ");
    }
    assertThat(drawn.get(1)).hasSameSizeAs(drawn.get(0));
  }

  @Test
  void rehearsalsAreTheWindowAloneUnderTheirOwnGuidance() {
    var exits = ExitGradient.REPLAYED;
    var longer = new RolloutLengths(12, 21, 3, 4);
    var rehearsing = Troupe.contextual(exits, longer, 2, new Rehearsal(1, 3));
    var window = RolloutLengths.always(rehearsing.window());
    var alone = Troupe.contextual(exits, window, 3, Rehearsal.NONE);
    var otherwise = Troupe.contextual(exits, window, 2, Rehearsal.NONE);
    var noise = new Noise(Given.Shown.LIKEST, new ArrayList<>());
    try (var scope = Scope.open()) {
      for (long turn : new long[] {GENERATOR, CRITIC}) {
        var made = learnt(after(noise, rehearsing, 0), turn);
        var expected = learnt(objective(alone, Troupe.NO_OPENING, 0), turn);
        assertThat(made.loss()).isEqualTo(expected.loss());
        assertThat(made.gradient()).isCloseTo(expected.gradient(), 1e-6);
      }
      assertThat(learnt(objective(otherwise, Troupe.NO_OPENING, 0), GENERATOR).loss())
          .isNotEqualTo(learnt(after(noise, rehearsing, 0), GENERATOR).loss());
    }
    assertThat(noise.drawn()).isEmpty();
  }

  @Test
  void everyWayOfShowingContextTrainsBothNetworks() {
    try (var scope = Scope.open()) {
      for (var config :
          new DistillConfig[] {
            contiguousOfABidirectionalTeacher(ContextKind.NONE),
            local(Sight.BIDIRECTIONAL),
            local(Sight.CAUSAL_WITH_MEMORY),
            streaming()
          }) {
        Opening any = video -> video.narrow(2, video.size(2) - 1, 1).detach();
        for (long turn : new long[] {GENERATOR, CRITIC}) {
          try (var rng = Rng.seeded(5, Device.CPU)) {
            troupe.flat().gradients().fill(0);
            objective(config, any, 0).at(turn, rng).backward().run();
            assertThat(troupe.flat().gradients()).isFinite();
            assertThat(norm(turn == CRITIC ? DistillLoop.CRITIC : DistillLoop.GENERATOR))
                .as(config + " turn " + turn)
                .isPositive();
          }
        }
      }
    }
  }

  @Test
  void whatTeacherAndCriticAreBothShownIsEncodedOnce() {
    var made = new AtomicInteger();
    Opening counted =
        video -> {
          made.incrementAndGet();
          return video.narrow(2, video.size(2) - 1, 1).detach();
        };
    var same = contiguousOfABidirectionalTeacher(ContextKind.CONTIGUOUS);
    var teachersAlone = contiguousOfABidirectionalTeacher(ContextKind.NONE);
    try (var scope = Scope.open();
        var rng = Rng.seeded(5, Device.CPU)) {
      objective(same, counted, 0).at(GENERATOR, rng).backward().run();
      assertThat(made).hasValue(1);
      objective(teachersAlone, counted, 0).at(GENERATOR, rng).backward().run();
      assertThat(made).hasValue(2); // a critic without context is shown none of it
    }
  }

  @Test
  void nothingNativeStaysBehindATurn() {
    var config = Troupe.contextual(ExitGradient.REPLAYED);
    var handles = new ArrayList<Long>();
    for (int i = 0; i < 6; i++) {
      try (var scope = Scope.open()) {
        gradient(config, GENERATOR, 0);
        gradient(config, CRITIC, 0);
      }
      handles.add(NativeMemory.liveHandles());
    }
    assertThat(handles.getLast()).isEqualTo(handles.get(2));
  }

  @Test
  void settingsThatDoNotFitAreRefusedInOneLine() {
    var fine = Troupe.contextual(ExitGradient.REPLAYED);
    refused(
        () -> contexts(fine, ContextKind.NONE, ContextKind.MEMORY),
        "critic_context is none or the teacher's NONE, not MEMORY");
    refused(
        () -> contexts(fine, ContextKind.CONTIGUOUS, ContextKind.CONTIGUOUS, 0),
        "contiguous context needs context_frames");
    refused(
        () ->
            new DistillConfig(
                2,
                RolloutLengths.always(3),
                CleanContext.ALL,
                0,
                PromptChange.NONE,
                6,
                0,
                Sight.BIDIRECTIONAL,
                ContextKind.NONE,
                ContextKind.NONE,
                0,
                ContextTimestep.ZERO,
                1,
                new TimeWarp(3, 20, 980),
                CriticWeight.FLAT,
                ExitGradient.RECORDED,
                0,
                Rehearsal.NONE),
        "rollouts of 3 latent frames are shorter than the judged 6");
    refused(
        () -> after(new Noise(Given.Shown.VIDEO, new ArrayList<>()), streaming(), 0),
        "have one prompt: give change none, not ");
    refused(
        () ->
            Troupe.contextual(
                ExitGradient.REPLAYED, RolloutLengths.always(6), 2, new Rehearsal(0.5, 1)),
        "rollouts are rehearsals all of them where none is longer than the judged 6");
    refused(() -> new Rehearsal(1.5, 1), "rehearsal.share must be 0 to 1 and");
    refused(() -> new Rehearsal(0.5, 0), "rehearsal.guidance at least 1, not 0.5 and 0.0");
    refused(
        () -> Troupe.training(9, 3, 0),
        "accumulate, log_every, save_every and keep must be at least 1");
  }

  private static void refused(ThrowingCallable making, String because) {
    assertThatThrownBy(making)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(because)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }

  private Tensor gradient(DistillConfig config, long turn, int rank) {
    try (var rng = Rng.seeded(5, Device.CPU)) {
      troupe.flat().gradients().fill(0);
      objective(config, Troupe.NO_OPENING, rank).at(turn, rng).backward().run();
      return troupe.flat().gradients().copy();
    }
  }

  private double loss(DistillConfig config, long turn) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(5, Device.CPU)) {
      var loss = objective(config, Troupe.NO_OPENING, 0).at(turn, rng);
      loss.backward().run();
      return loss.total().item();
    }
  }

  private DistillObjective objective(DistillConfig config, Opening opening, int rank) {
    return troupe.objective(config, opening, Troupe.training(9, 3, 1), rank);
  }

  private double norm(String prefix) {
    try (var scope = Scope.open();
        FlatParameters part = troupe.flat().part(prefix + ".")) {
      return part.gradients().to(Dtype.FLOAT64).square().sum().item();
    }
  }

  private static DistillConfig contexts(DistillConfig c, ContextKind teacher, ContextKind critic) {
    return contexts(c, teacher, critic, c.contextFrames());
  }

  private static DistillConfig contexts(
      DistillConfig c, ContextKind teacher, ContextKind critic, int frames) {
    return new DistillConfig(
        c.prompts(),
        c.lengths(),
        c.cleanContext(),
        c.contextNoise(),
        c.change(),
        c.window(),
        c.lead(),
        c.teacher(),
        teacher,
        critic,
        frames,
        c.contextTimestep(),
        c.guidance(),
        c.time(),
        c.criticWeight(),
        c.exitGradient(),
        c.earliestExit(),
        c.rehearsal());
  }

  /** As released: the frames before the window, one timestep, a critic without context. */
  private static DistillConfig contiguousOfABidirectionalTeacher(ContextKind critics) {
    return new DistillConfig(
        2,
        new RolloutLengths(15, 24, 3, 1),
        CleanContext.ALL,
        0.005,
        PromptChange.NONE,
        6,
        0,
        Sight.BIDIRECTIONAL,
        ContextKind.CONTIGUOUS,
        critics,
        6,
        ContextTimestep.SHARED,
        6,
        new TimeWarp(5, 20, 980),
        CriticWeight.BELL,
        ExitGradient.RECORDED,
        0,
        Rehearsal.NONE);
  }

  private static DistillConfig local(Sight sight) {
    return Troupe.withoutContext(
        sight,
        RolloutLengths.always(12),
        PromptChange.NONE,
        12,
        0,
        ExitGradient.RECORDED,
        0,
        Rehearsal.NONE);
  }

  private static DistillConfig streaming() {
    return Troupe.withoutContext(
        Sight.BIDIRECTIONAL,
        new RolloutLengths(9, 21, 6, 1),
        PromptChange.RECOMPUTE,
        9,
        3,
        ExitGradient.REPLAYED,
        0,
        Rehearsal.NONE);
  }
}
