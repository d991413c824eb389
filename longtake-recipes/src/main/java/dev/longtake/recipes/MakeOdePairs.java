package dev.longtake.recipes;

import dev.longtake.data.CachedLatents;
import dev.longtake.data.Cursor;
import dev.longtake.data.PromptList;
import dev.longtake.data.ShardWriter;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.nn.Weights;
import dev.longtake.rollout.Awaited;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.train.OdeTeacher;
import dev.longtake.train.Progress;
import dev.longtake.wan.WanTransformer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;

/**
 * Follows a teacher from noise to clean latents, prompt by prompt, and keeps what a student of few
 * steps is to learn from. A pair is a function of the run's seed and the pair's number, so that one
 * that is made later is the same, on whichever device; several make as many groups at a time, and
 * one thread writes.
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
    requireRemembered(config);
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
        make(missing, prompts, config, type, writer);
        writer.flush();
        place.goOn();
      }
    }
    place.watcher().ended("the pairs are in " + folder);
  }

  /** A block of a longer clip would come after more than the teacher ever looked back at. */
  private void requireRemembered(ModelConfig config) {
    int most = MemoryPolicies.parse(config.memory()).capacity();
    if (run.teacher() == OdeTeacher.Kind.CAUSAL_WITH_MEMORY && run.latentFrames() > most) {
      throw new IllegalArgumentException(
          "latent_frames is "
              + run.latentFrames()
              + ", but the memory of "
              + from
              + ", "
              + config.memory()
              + ", holds "
              + most
              + " with the chunk in the making; give at most as many");
    }
  }

  private void make(
      List<Integer> missing,
      IntFunction<String> prompts,
      ModelConfig config,
      Dtype type,
      ShardWriter writer) {
    var makers = new ArrayList<PairMaker>();
    try {
      for (var device : place.devices()) {
        makers.add(new PairMaker(run, prompts, device, type));
      }
      makers.stream().map(PairMaker::open).toList().forEach(Awaited::result);
      place.watcher().planned(plan(config));
      var progress = place.watcher().stage(NAME);
      for (int i = 0; goesOn(i, missing); i += makers.size() * run.together()) {
        addRound(i, missing, makers, writer, progress);
      }
    } finally {
      makers.forEach(PairMaker::close);
    }
  }

  private String plan(ModelConfig config) {
    try (var outline = Weights.outline()) {
      WanTransformer.of(outline, config.transformer());
      return String.format(
          Locale.ROOT,
          "%s: %d pairs of %d latent frames, %d at once, each %d %ssteps of %,d numbers",
          NAME,
          run.pairs(),
          run.latentFrames(),
          run.together() * place.devices().size(),
          run.grid().steps(),
          run.guidance() == 1 ? "" : "guided ",
          outline.parameters());
    }
  }

  /** One group of every device's, in the order of their numbers whichever is faster. */
  private void addRound(
      int start,
      List<Integer> missing,
      List<PairMaker> makers,
      ShardWriter writer,
      Progress progress) {
    long began = System.nanoTime();
    var round = new ArrayList<CompletableFuture<PairMaker.Made>>();
    try {
      int end = start;
      for (var maker : makers) {
        int first = end;
        end = Math.min(missing.size(), first + run.together());
        if (first < end) {
          round.add(maker.begin(missing.subList(first, end)));
        }
      }
      int made = start;
      for (var group : round) {
        var pairs = Awaited.result(group);
        add(pairs, writer);
        made += pairs.numbers().size();
        double each = (System.nanoTime() - began) / 1e9 / (end - start);
        progress.logged(made - 1, missing.size(), Map.of("per iteration time", each));
      }
    } finally {
      round.forEach(group -> group.thenAccept(PairMaker.Made::close));
    }
  }

  private static void add(PairMaker.Made pairs, ShardWriter writer) {
    try (var scope = Scope.open()) {
      for (int i = 0; i < pairs.numbers().size(); i++) {
        writer.add(
            key(pairs.numbers().get(i)),
            pairs.captions().get(i),
            Map.of(
                OdePairs.STATES, pairs.states().select(0, i),
                CachedLatents.TEXT, CachedLatents.trimmed(pairs.text().select(0, i))));
      }
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
    facts.put("content", NAME);
    facts.put(EncodedWith.MODEL, EncodedWith.encoders(from));
    facts.put("teacher", EncodedWith.transformer(from));
    facts.put("kind", run.teacher().name().toLowerCase(Locale.ROOT));
    facts.put("latent_frames", Integer.toString(run.latentFrames()));
    facts.put("steps", Integer.toString(run.grid().steps()));
    facts.put("shift", Double.toString(run.grid().shift()));
    facts.put(OdePairs.LEVELS, OdePairs.text(run.grid().keptLevels()));
    facts.put("guidance", Double.toString(run.guidance()));
    facts.put("negative_prompt", run.negativePrompt());
    facts.put("caption_frames", Integer.toString(run.captionFrames()));
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
      return number ->
          Captions.ofWorld(
              number,
              new SplittableRandom(Rng.mix(run.seed(), number)),
              run.latentFrames(),
              run.captionFrames(),
              config.vae());
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
}
