package dev.longtake.recipes;

import dev.longtake.checkpoint.Safetensors;
import dev.longtake.media.ContactSheet;
import dev.longtake.media.Frame;
import dev.longtake.media.Mp4Writer;
import dev.longtake.media.VideoFormat;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.rollout.VideoGenerator;
import dev.longtake.rollout.VideoModel;
import dev.longtake.rollout.VideoRequest;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.train.Loop;
import dev.longtake.train.Samples;
import dev.longtake.train.TrainingException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Generates a video of each prompt with its contact sheet: {@code samples/STEP.mp4} and {@code
 * .png}, or {@code STEP-N} where there are several prompts.
 *
 * @param output the run's folder
 * @param from folder of the model that everything else is taken from
 * @param config of the model in training
 * @param trained the prefix of a weight's name, by the file of its network
 * @param stage prompts and length
 */
record SampleVideos(
    Path output,
    Path from,
    ModelConfig config,
    Map<String, String> trained,
    TrainingRun.SampleStage stage,
    Device device,
    Dtype dtype)
    implements Samples {
  /** Where they are, in the output folder. */
  static final String FOLDER = "samples";

  private static final int COLUMNS = 5;
  private static final int ROWS = 4;
  private static final int WIDEST_CELL = 240;
  private static final int NARROWEST_CELL = 32;

  /**
   * Refuses prompts that the model cannot read.
   *
   * @param from folder with its tokenizer
   */
  static void check(TrainingRun.SampleStage stage, Path from, ModelConfig config) {
    if (stage.every() > 0) {
      Prompts.check(stage.prompts(), from, config);
    }
  }

  /** Has these made while a loop runs, if any are wanted. */
  void during(Loop loop) {
    during(loop, UnaryOperator.identity());
  }

  /**
   * Has these made while a loop runs, if any are wanted.
   *
   * @param network the weights of the networks, by the loop's averaged numbers
   */
  void during(Loop loop, UnaryOperator<Map<String, Tensor>> network) {
    if (stage.every() > 0) {
      check(stage, from, config);
      loop.sampling(stage.every(), (step, averages) -> make(step, network.apply(averages)));
    }
  }

  @Override
  public void make(long step, Map<String, Tensor> weights) {
    var samples = output.resolve(FOLDER);
    try (var folder = ScratchFolder.in(samples, "model-")) {
      lay(folder.path(), weights);
      try (var opened = VideoModel.open(folder.path(), device, dtype)) {
        for (int i = 0; i < stage.prompts().size(); i++) {
          var number = stage.prompts().size() == 1 ? "" : "-" + (i + 1);
          var name = String.format(Locale.ROOT, "%08d%s", step, number);
          film(opened, stage.prompts().get(i), samples.resolve(name + ".mp4"), name + ".png");
        }
      }
    }
  }

  /** A model folder with the weights as they are now. */
  private void lay(Path folder, Map<String, Tensor> weights) {
    config.write(folder);
    try {
      for (var name : List.of(VideoModel.TOKENIZER, VideoModel.VAE, VideoModel.TEXT_ENCODER)) {
        if (!trained.containsKey(name)) {
          LinkedCopy.of(from.resolve(name), folder.resolve(name));
        }
      }
    } catch (IOException e) {
      throw new TrainingException(
          "cannot copy a model from "
              + from
              + " to "
              + folder
              + " ("
              + e
              + "); check free space and permissions");
    }
    trained.forEach(
        (file, prefix) -> {
          try (var scope = Scope.open()) {
            Map<String, Tensor> own = new LinkedHashMap<>();
            weights.forEach(
                (name, weight) -> {
                  if (name.startsWith(prefix)) {
                    own.put(name.substring(prefix.length()), weight.to(dtype));
                  }
                });
            Safetensors.write(folder.resolve(file), own, Map.of());
          }
        });
  }

  private void film(VideoModel opened, String prompt, Path file, String sheetName) {
    var size = opened.config().video();
    var format = new VideoFormat(size.width(), size.height(), size.fps());
    int cell = Math.clamp(size.width(), NARROWEST_CELL, WIDEST_CELL);
    var sheet = new ContactSheet(COLUMNS, ROWS, cell, size.fps());
    long wanted = Math.max(1, Math.round(stage.seconds() * size.fps()));
    try (var video = VideoGenerator.start(opened, VideoRequest.of(opened.config(), prompt));
        var writer = Mp4Writer.open(file, format, Map.of("prompt", prompt))) {
      for (long made = 0; made < wanted; ) {
        var frames =
            video.next().frames().stream()
                .limit(wanted - made)
                .map(rgb -> new Frame(size.width(), size.height(), rgb))
                .toList();
        writer.write(frames);
        frames.forEach(sheet::add);
        made += frames.size();
      }
      writer.finish();
    }
    sheet.write(file.resolveSibling(sheetName));
  }
}
