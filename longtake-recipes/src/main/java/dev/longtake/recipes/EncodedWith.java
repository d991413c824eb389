package dev.longtake.recipes;

import dev.longtake.checkpoint.CheckpointException;
import dev.longtake.data.ClipShape;
import dev.longtake.data.Fingerprint;
import dev.longtake.rollout.VideoModel;
import dev.longtake.tensor.Dtype;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a cache of latents says about how they came about. */
final class EncodedWith {
  /** The autoencoder and the text encoder, by what their files hold. */
  static final String MODEL = "model";

  /** Pixels of a picture, WIDTHxHEIGHT. */
  static final String SIZE = "size";

  /** Pictures of a clip. */
  static final String FRAMES = "frames";

  private EncodedWith() {}

  /** All facts, as a cache of clips of that shape has them. */
  static Map<String, String> facts(Path model, ClipShape shape, Dtype dtype) {
    var facts = new LinkedHashMap<String, String>();
    facts.put("content", "latents");
    facts.put(MODEL, encoders(model));
    facts.put(SIZE, size(shape.width(), shape.height()));
    facts.put("fps", Double.toString(shape.fps()));
    facts.put(FRAMES, Integer.toString(shape.frames()));
    facts.put("between", shape.between().name().toLowerCase(Locale.ROOT));
    facts.put("dtype", dtype.name().toLowerCase(Locale.ROOT));
    return facts;
  }

  static String size(int width, int height) {
    return width + "x" + height;
  }

  /**
   * What tells a model's encoders from another's.
   *
   * @throws CheckpointException if the folder lacks one
   */
  static String encoders(Path model) {
    return fingerprint(
        model, List.of(VideoModel.VAE, VideoModel.TEXT_ENCODER, VideoModel.TOKENIZER));
  }

  /** What tells a model's transformer from another's. */
  static String transformer(Path model) {
    return fingerprint(model, List.of(VideoModel.TRANSFORMER));
  }

  private static String fingerprint(Path model, List<String> files) {
    var print = new Fingerprint();
    for (var name : files) {
      try {
        print.with(model.resolve(name));
      } catch (IOException e) {
        throw new CheckpointException(
            model.toString(), "lacks " + name + ", or it cannot be read; give a model folder", e);
      }
    }
    return print.digits();
  }
}
