package dev.longtake.recipes;

import dev.longtake.checkpoint.Manifest;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Dtype;
import dev.longtake.text.WordTokenizerFile;
import dev.longtake.train.TrainingConfig;
import dev.longtake.train.TrainingException;
import dev.longtake.world.Caption;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Trains a model on the world from nothing: the autoencoder, then the transformer with its text
 * encoder, then the autoencoder's decoder once more. Each stage resumes from its last checkpoint
 * and leaves averaged FLOAT32 weights in the output folder; the packed model is in a folder inside
 * it.
 */
public final class TrainModel {
  /** Where the finished model is, in the output folder. */
  public static final String MODEL_FOLDER = "model";

  private final TrainingRun run;
  private final Workplace place;
  private final VaeOrigin origin;
  private final Map<String, Double> losses = new TreeMap<>();
  private final TrainVae vae;
  private final TrainCausal causal;
  private final TrainDecoder decoder;

  /**
   * A run.
   *
   * @throws IllegalArgumentException if the text encoder has no room for the words of the captions
   */
  TrainModel(TrainingRun run, Workplace place) {
    int words = new WordTokenizerFile(Caption.vocabulary()).size();
    int room = run.model().textEncoder().vocab();
    if (room < words) {
      throw new IllegalArgumentException(
          "model.text_encoder.vocab is " + room + ", the captions need at least " + words);
    }
    this.run = run;
    this.place = place;
    origin = new VaeOrigin(run.vaeFrom());
    vae = new TrainVae(run, place, stage("vae", pictures(run.vae()), run.vae().training()));
    causal =
        new TrainCausal(
            run,
            place,
            stage(
                "causal",
                run.causal().framesPerStep() + " latent frames",
                run.causal().training()));
    decoder =
        new TrainDecoder(
            run, place, stage("decoder", pictures(run.decoder()), run.decoder().training()));
  }

  private Stage stage(String name, String batch, TrainingConfig training) {
    return new Stage(name, batch, training, place, losses);
  }

  private static String pictures(ClipStage stage) {
    return stage.pictures() + " pictures";
  }

  /**
   * Runs every stage that is not finished, and packs a model once a step of the transformer was
   * taken.
   *
   * @throws TrainingException if training diverges, or the folder holds another run's files
   */
  void run() {
    PackModel.requireOwn(packed(), TrainingRun.STAGE, run.name());
    place.makeOutput();
    if (!vae.isDone(origin.taken()) && !haveVae()) {
      return;
    }
    origin.requireOf(place.output());
    var trained = causal.carryOut();
    if (trained.steps() == 0) {
      return;
    }
    if (trained.reached()) {
      decoder.carryOut();
    }
    if (!isPacked(trained.steps())) {
      pack(trained.steps());
    }
    place.watcher().ended("the model is in " + packed());
  }

  /** Trains or takes an autoencoder, after what can be refused before. */
  private boolean haveVae() {
    run.causal().origin().requireFitting(run.model(), origin);
    for (var later : List.of(causal.stage(), decoder.stage())) {
      if (!later.store().files().isEmpty()) {
        throw new TrainingException(
            place.output().resolve(later.name())
                + " was trained on an autoencoder that is not finished; delete that folder or"
                + " give another output folder");
      }
    }
    writeTokenizer();
    run.causal().origin().requireWords(place.output().resolve(VideoModel.TOKENIZER));
    SampleVideos.check(run.causal().samples(), place.output(), run.model());
    if (!origin.taken()) {
      return vae.carryOut();
    }
    vae.leave(origin.take(run.model().vae(), place.output()));
    place.watcher().said("autoencoder: taken from " + run.vaeFrom() + ", not trained");
    return true;
  }

  private void writeTokenizer() {
    try {
      new WordTokenizerFile(Caption.vocabulary())
          .write(place.output().resolve(VideoModel.TOKENIZER));
    } catch (UncheckedIOException e) {
      throw new TrainingException(e.getMessage() + "; check free space and permissions");
    }
  }

  private Path packed() {
    return place.output().resolve(MODEL_FOLDER);
  }

  /** Whether the packed model is of these steps, this configuration and the last checkpoints. */
  private boolean isPacked(long steps) {
    var manifest = packed().resolve(Manifest.FILE_NAME);
    if (!Files.exists(manifest)
        || Manifest.read(packed()).step() != steps
        || !ModelConfig.read(packed()).equals(ModelConfig.read(place.output()))) {
      return false;
    }
    try {
      var since = Files.getLastModifiedTime(manifest);
      for (var stage : List.of(vae.stage(), causal.stage(), decoder.stage())) {
        for (var file : stage.store().files()) {
          if (Files.getLastModifiedTime(file).compareTo(since) > 0) {
            return false;
          }
        }
      }
      return true;
    } catch (IOException e) {
      return false; // packing says what is wrong, if it still is
    }
  }

  /** Leaves the model in half precision, with what is known of how it came about. */
  private void pack(long steps) {
    var manifest =
        new Manifest(
            Manifest.tree(run),
            run.causal().training().seed(),
            steps,
            Revision.here(),
            run.causal()
                .origin()
                .told(
                    origin.told(
                        "procedural world, training seeds 0 to " + (run.footage().videos() - 1))),
            losses,
            Manifest.versionsHere(),
            Instant.now());
    PackModel.run(place.output(), packed(), Dtype.BFLOAT16, manifest);
  }
}
