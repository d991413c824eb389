package dev.longtake.rollout;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.longtake.checkpoint.CheckpointSource;
import dev.longtake.checkpoint.KeyMap;
import dev.longtake.checkpoint.Safetensors;
import dev.longtake.nn.Weights;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.TensorAssert;
import dev.longtake.text.Umt5Config;
import dev.longtake.text.Umt5Encoder;
import dev.longtake.vae.VaeConfig;
import dev.longtake.vae.WanVae;
import dev.longtake.wan.WanConfig;
import dev.longtake.wan.WanTransformer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * How far the networks are from the published implementation's outputs, in a folder laid out as the
 * tiny reference outputs are, of any size.
 *
 * <p>Beside an output {@code x}, which was computed in float32, there may be {@code x.bf16}: what
 * the published implementation makes of the same input where it runs in bfloat16. Pictures are made
 * of {@code latents.given}, numbers of bfloat16, if there are such.
 *
 * @param folder with {@code config.json}, the networks' weights, and inputs and outputs
 * @param device where this implementation computes
 * @param dtype in which type
 */
record ReferenceErrors(Path folder, Device device, Dtype dtype) {

  /**
   * One output. In bfloat16 the published implementation is itself some way from float32, and two
   * implementations that round at other moments are about that far from each other.
   *
   * @param output of what
   * @param error relative, to the reference in the same type, or in float32 if there is none
   * @param toFloat32 relative, to the reference in float32
   * @param yardstick of the reference in the same type to that in float32
   */
  record Measured(String output, double error, double toFloat32, double yardstick) {
    private static final double AS_FAR = 1.1;

    /**
     * Whether this implementation is that near to the reference, in the same type or in float32; or
     * as near to float32 as rounding leaves the reference itself.
     */
    boolean isWithin(double allowed) {
      return error <= allowed || toFloat32 <= Math.max(allowed, AS_FAR * yardstick);
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%s: %.2e; to float32 %.2e, where the reference has %.2e",
          output,
          error,
          toFloat32,
          yardstick);
    }
  }

  /** The flow of all frames, every token seeing every token. */
  Measured transformer() {
    return with(
        "dit-golden.safetensors",
        golden -> measured("flow", flow(Arithmetic.PLAIN), golden, "bidirectional.flow"));
  }

  /** That flow, FLOAT32, owned by the caller's scope. */
  Tensor flow(Arithmetic arithmetic) {
    var sizes = sizes("dit");
    var config =
        new WanConfig(
            sizes.get("dim").asInt(),
            sizes.get("ffn_dim").asInt(),
            sizes.get("freq_dim").asInt(),
            sizes.get("text_dim").asInt(),
            sizes.get("text_len").asInt(),
            sizes.get("in_dim").asInt(),
            sizes.get("num_heads").asInt(),
            sizes.get("num_layers").asInt());
    int frames = sizes.get("frames").asInt();
    try (var scope = Scope.open();
        var off = Gradients.off();
        var golden = open("dit-golden.safetensors");
        var file = open("dit.safetensors");
        var weights = Weights.from(source(file));
        var ops = arithmetic.open(device, dtype)) {
      var model = WanTransformer.of(weights, config, ops);
      source(file).requireNothingSpare(weights);
      var flow =
          model.forward(
              given(golden, "bidirectional.latents"),
              golden.read("bidirectional.timestep").to(device).reshape(1, 1).expand(1, frames),
              IntStream.range(0, frames).toArray(),
              model.read(given(golden, "text").unsqueeze(0)));
      return scope.keep(flow.to(Dtype.FLOAT32));
    }
  }

  /** The latents of a video, and the video of latents. */
  List<Measured> autoencoder() {
    return with(
        "vae-golden.safetensors",
        golden -> {
          var sizes = sizes("vae");
          var config =
              VaeConfig.small(sizes.get("dim").asInt(), sizes.get("z_dim").asInt())
                  .withStatistics(list(golden, "latent_mean"), list(golden, "latent_std"));
          try (var file = open("vae.safetensors");
              var weights = Weights.from(source(file));
              var vae = WanVae.of(config, weights)) {
            source(file).requireNothingSpare(weights);
            var rounded = golden.names().contains("latents.given");
            var latents = given(golden, rounded ? "latents.given" : "latents");
            return List.of(
                measured("latents", vae.encode(given(golden, "video")), golden, "latents"),
                measured("pictures", vae.decode(latents), golden, "decoded"));
          }
        });
  }

  /** The states of a prompt's tokens; those of its padding mean nothing, but are computed too. */
  Measured textEncoder() {
    return with(
        "t5-golden.safetensors",
        golden -> {
          var sizes = sizes("t5");
          var config =
              Umt5Config.of(
                  sizes.get("vocab").asInt(),
                  sizes.get("dim").asInt(),
                  sizes.get("dim_attn").asInt(),
                  sizes.get("dim_ffn").asInt(),
                  sizes.get("num_heads").asInt(),
                  sizes.get("num_layers").asInt());
          try (var file = open("t5.safetensors");
              var weights = Weights.from(source(file))) {
            var encoder = Umt5Encoder.of(weights, config);
            source(file).requireNothingSpare(weights);
            var ids = golden.read("ids").to(device);
            var states = encoder.forward(ids, golden.read("mask").to(device));
            return measured("text states", states, golden, "embeddings");
          }
        });
  }

  private interface Use<T> {
    T of(Safetensors golden);
  }

  private <T> T with(String file, Use<T> use) {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var golden = open(file)) {
      return use.of(golden);
    }
  }

  private Measured measured(String output, Tensor out, Safetensors golden, String name) {
    try (var scope = Scope.open()) {
      var whole = golden.read(name);
      var narrow = name + ".bf16";
      boolean both = dtype == Dtype.BFLOAT16 && golden.names().contains(narrow);
      var same = both ? golden.read(narrow) : whole;
      return new Measured(
          output,
          TensorAssert.relativeError(out, same),
          TensorAssert.relativeError(out, whole),
          TensorAssert.relativeError(same, whole));
    }
  }

  private Safetensors open(String name) {
    return Safetensors.open(folder.resolve(name));
  }

  private CheckpointSource source(Safetensors file) {
    return new CheckpointSource(file, KeyMap.identity(), dtype, device);
  }

  private Tensor given(Safetensors golden, String name) {
    return golden.read(name).to(device).to(dtype);
  }

  private JsonNode sizes(String network) {
    try {
      return new ObjectMapper().readTree(folder.resolve("config.json").toFile()).get(network);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Double> list(Safetensors golden, String name) {
    var out = new ArrayList<Double>();
    for (float value : golden.read(name).toFloats()) {
      out.add((double) value);
    }
    return out;
  }
}
