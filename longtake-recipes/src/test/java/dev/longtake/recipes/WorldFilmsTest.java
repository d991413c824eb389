package dev.longtake.recipes;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.data.ClipBatch;
import dev.longtake.data.ClipEncoder;
import dev.longtake.data.ClipShape;
import dev.longtake.data.LatentBatch;
import dev.longtake.media.Sampling;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.world.Clip;
import dev.longtake.world.FrameSize;
import dev.longtake.world.Split;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakGuard.class)
class WorldFilmsTest {
  private static final ClipShape SHAPE = new ClipShape(32, 16, 16, 21, Sampling.Between.NEAREST);
  private static final int WORLDS = 6;

  @TempDir Path folder;
  private Path model = Path.of("");

  @BeforeEach
  void write() throws Exception {
    model = TinyFolder.model(folder.resolve("given"), 1);
  }

  /** Two devices of three worlds each, which take them one at a step. */
  @Test
  void aStepShowsWhatEncodingItsClipsGivesAndAllWorldsAreShownOnceBeforeAnyAgain() {
    try (var scope = Scope.open();
        var opened = Encoders.open(model, Device.CPU, Dtype.FLOAT32)) {
      var left = new ArrayList<Integer>();
      for (int world = 0; world < WORLDS; world++) {
        left.add(world);
      }
      for (int rank = 0; rank < 2; rank++) {
        var share = new WorldFilms.Share(WORLDS, 3, 1, 2, rank);
        try (var films = WorldFilms.of(share, SHAPE, opened.encoder(), place(Ending.NEVER))) {
          for (int step = 0; step < 3; step++) {
            var shown = films.at(step);
            assertThat(shown.latents().shape()).containsExactly(1, 2, 6, 2, 4);
            int world = found(shown.latents().toFloats(), opened.encoder());
            assertThat(left).contains(world);
            left.remove((Integer) world);
            assertThat(shown.text()).isCloseTo(encoded(world, opened.encoder()).text(), 1e-6);
            assertThat(films.at(step + 3).latents()).isBitwiseEqualTo(shown.latents());
          }
        }
      }
      assertThat(left).isEmpty();
    }
  }

  @Test
  void aRunThatIsToldToLeaveOffWhileFilmingDoes() {
    try (var scope = Scope.open();
        var opened = Encoders.open(model, Device.CPU, Dtype.FLOAT32)) {
      var share = new WorldFilms.Share(WORLDS, 3, 1, 1, 0);
      var place = place(Ending.NEVER.orWhen(() -> true));
      assertThatThrownBy(() -> WorldFilms.of(share, SHAPE, opened.encoder(), place))
          .isInstanceOf(CancellationException.class);
    }
  }

  @Test
  void aRunThatWasKilledFilmsAgainAndGoesOnToTheSameWeights() throws Exception {
    var yaml = TinyStages.CAUSAL_START.replace("FROM", model.toString());
    var run = TinyStages.read(folder, yaml, Map.of("data", "world:3"));
    var ear = TinyStages.run(run, folder.resolve("straight"));
    assertThat(ear.said).contains("encoded 3 of 3 videos");
    var broken = folder.resolve("broken");
    assertThatThrownBy(() -> TinyStages.run(run, broken, "causal-start 2", List.of(Device.CPU)))
        .hasMessage("killed at causal-start 2");
    TinyStages.run(run, broken);
    assertThat(TinyStages.bytes(run.result(broken)))
        .isEqualTo(TinyStages.bytes(run.result(folder.resolve("straight"))));
    var many = TinyStages.read(folder, yaml, Map.of("data", "world:1000000"));
    var told = new ArrayList<String>();
    DryRun.of(many, place(Ending.NEVER), told::add);
    assertThat(told).isNotEmpty(); // films a few of them

    var two = List.of(Device.CPU, Device.CPU);
    var one = TinyStages.read(folder, yaml, Map.of("data", "world:1"));
    assertThatThrownBy(() -> TinyStages.run(one, folder.resolve("one"), "", two))
        .hasMessage("data is 'world:1'; give at least 2 worlds, one for each device");
  }

  private Workplace place(Ending ending) {
    return new Workplace(List.of(Device.CPU), folder, 1, ending, new Ear(""));
  }

  /** Which world's clip these latents are. */
  private static int found(float[] latents, ClipEncoder encoder) {
    int nearest = -1;
    double least = 1e-3;
    for (int world = 0; world < WORLDS; world++) {
      float[] other = encoded(world, encoder).latents().toFloats();
      double apart = 0;
      for (int i = 0; i < other.length; i++) {
        apart = Math.max(apart, Math.abs(other[i] - latents[i]));
      }
      if (apart < least) {
        nearest = world;
        least = apart;
      }
    }
    return nearest;
  }

  private static LatentBatch encoded(int world, ClipEncoder encoder) {
    var clip = Clip.of(Split.TRAIN.seed(world), SHAPE.frames());
    var film = clip.film(new FrameSize(SHAPE.width(), SHAPE.height()));
    byte[] rgb = new byte[SHAPE.bytes()];
    int picture = rgb.length / SHAPE.frames();
    for (int frame = 0; frame < SHAPE.frames(); frame++) {
      byte[] one = new byte[picture];
      film.frame(frame, one);
      System.arraycopy(one, 0, rgb, frame * picture, picture);
    }
    return encoder.encode(new ClipBatch(rgb, SHAPE, List.of(clip.caption())));
  }
}
