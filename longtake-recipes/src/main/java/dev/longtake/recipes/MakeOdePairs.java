package dev.longtake.recipes;

import dev.longtake.data.CachedLatents;
import dev.longtake.data.Cursor;
import dev.longtake.data.PromptList;
import dev.longtake.data.ShardWriter;
import dev.longtake.nn.Weights;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.OdeTeacher;
import dev.longtake.wan.WanTransformer;
import dev.longtake.world.Clip;
import dev.longtake.world.Split;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * Follows a teacher from noise to clean latents, prompt by prompt, and keeps what a student of few
 * steps is to learn from. A pair is a function of the run's seed and the pair's number, so that one
 * that is made later is the same. One device works; run files with different seeds share the work.
 */
final class MakeOdePairs {
  private static final String NAME = "ode-pairs";

  private final OdePairsRun run;
  private final Workplace place;
  private final Path from;

  MakeOdePairs(OdePairsRun run, Workplace place) {
    this.run = run;
    this.place = place;
    from = Path.of(run.from());
  }

  /** Makes the pairs that are not there yet. */
  void run() {
    var config = FolderKey.model("from", run.from());
    Prompts.checkNegative("negative_prompt", run.negativePrompt(), from, config);
    var prompts = prompts(config);
    var type = place.dtype(run.dtype());
    var folder = run.result(place.output());
    long most = (long) run.shardMegabytes() << 20;
    place.makeOutput();
    try (var writer = ShardWriter.open(folder, facts(type), run.damaged(), most)) {
      var missing = new ArrayList<Integer>();
      for (int number = 0; number < Math.min(run.pairs(), place.ending().until()); number++) {
        if (!writer.holds(key(number))) {
          missing.add(number);
        }
      }
      place
          .watcher()
          .said(NAME + ": " + missing.size() + " to make, " + writer.size() + " are there");
      if (!missing.isEmpty()) {
        try (var model = VideoModel.open(from, place.first(), type)) {
          place.watcher().planned(plan(config));
          var progress = place.watcher().stage(NAME);
          for (int i = 0; goesOn(i, missing); i += run.together()) {
            var numbers = missing.subList(i, Math.min(missing.size(), i + run.together()));
            long began = System.nanoTime();
            add(model, numbers, prompts, writer);
            double each = (System.nanoTime() - began) / 1e9 / numbers.size();
            progress.logged(
                i + numbers.size() - 1, missing.size(), Map.of("per iteration time", each));
          }
          writer.flush();
          place.goOn();
        }
      }
    }
    place.watcher().ended("the pairs are in " + folder);
  }

  private String plan(ModelConfig config) {
    try (var outline = Weights.outline()) {
      WanTransformer.of(outline, config.transformer());
      return String.format(
          Locale.ROOT,
          "%s: %d pairs of %d latent frames, %d at once, each %d steps%s of %,d numbers",
          NAME,
          run.pairs(),
          run.latentFrames(),
          run.together(),
          run.grid().steps(),
          run.guidance() == 1 ? "" : " of two passes",
          outline.parameters());
    }
  }

  /** Whether there are further ones to make; if there are and it is to stop, says so. */
  private boolean goesOn(int made, List<Integer> missing) {
    if (made < missing.size() && place.ending().before(missing.get(made))) {
      place
          .watcher()
          .ended(
              "stopped after "
                  + made
                  + " of "
                  + missing.size()
                  + "; the same command goes on from there");
      return false;
    }
    return made < missing.size();
  }

  private Map<String, String> facts(Dtype type) {
    var facts = new LinkedHashMap<String, String>();
    facts.put("content", "ode-pairs");
    facts.put(EncodedWith.MODEL, EncodedWith.encoders(from));
    facts.put("teacher", EncodedWith.transformer(from));
    facts.put("kind", run.teacher().name().toLowerCase(Locale.ROOT));
    facts.put("latent_frames", Integer.toString(run.latentFrames()));
    facts.put("steps", Integer.toString(run.grid().steps()));
    facts.put("shift", Double.toString(run.grid().shift()));
    facts.put(OdePairs.LEVELS, OdePairs.text(run.grid().keptLevels()));
    facts.put("guidance", Double.toString(run.guidance()));
    facts.put("negative_prompt", run.negativePrompt());
    facts.put("seed", Long.toString(run.seed()));
    facts.put("dtype", type.name().toLowerCase(Locale.ROOT));
    return facts;
  }

  private static String key(int number) {
    return String.format(Locale.ROOT, "pair-%07d", number);
  }

  /** The prompt of each pair. */
  private IntFunction<String> prompts(ModelConfig config) {
    if (run.prompts().equals(OdePairsRun.WORLD)) {
      int pictures = config.vae().pixelFrames(run.latentFrames());
      return number -> Clip.of(Split.TRAIN.seed(number), pictures).caption();
    }
    var file = Path.of(run.prompts());
    var list =
        run.extended().isEmpty()
            ? PromptList.read(file)
            : PromptList.read(file, Path.of(run.extended()));
    Prompts.check(list.texts(), from, config);
    var cursor = new Cursor(run.seed(), list.size(), 1, 1);
    return number -> list.texts().get(cursor.at(number, 0)[0]);
  }

  private void add(
      VideoModel model, List<Integer> numbers, IntFunction<String> prompts, ShardWriter writer) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      var captions = numbers.stream().map(prompts::apply).toList();
      var text = Tensor.cat(model.text().encode(captions), 0);
      var states =
          new OdeTeacher(
                  model.transformer(), run.teacher(), run.grid(), run.guidance(), model.dtype())
              .trajectories(
                  noise(model, numbers),
                  model.transformer().read(text),
                  model.transformer().read(without(model, text)));
      for (int i = 0; i < numbers.size(); i++) {
        writer.add(
            key(numbers.get(i)),
            captions.get(i),
            Map.of(
                OdePairs.STATES, states.select(0, i).to(model.dtype()),
                CachedLatents.TEXT, CachedLatents.trimmed(text.select(0, i))));
      }
    }
  }

  /** What guidance compares with: the negative prompt, or no text, for each of the prompts. */
  private @Axes("B L E") Tensor without(VideoModel model, @Axes("B L E") Tensor text) {
    if (run.negativePrompt().isEmpty()) {
      return text.times(0);
    }
    try (var scope = Scope.open()) {
      return scope.keep(
          model.text().encode(run.negativePrompt()).expand(text.size(0), -1, -1).contiguous());
    }
  }

  /** Drawn on the processor, so that a seed means the same on every device. */
  private @Axes("B C F Y X") Tensor noise(VideoModel model, List<Integer> numbers) {
    var size = model.config().video();
    try (var scope = Scope.open()) {
      var each = new ArrayList<Tensor>();
      for (int number : numbers) {
        try (var rng = Rng.seeded(Device.CPU, run.seed(), number)) {
          each.add(
              rng.normal(
                  Dtype.FLOAT32,
                  model.config().transformer().inDim(),
                  run.latentFrames(),
                  size.latentRows(),
                  size.latentColumns()));
        }
      }
      return scope.keep(Tensor.stack(each, 0).to(model.device()));
    }
  }
}
